"""The words that need nothing but the network: said when the database or the queue cannot answer in time."""

CARD = """\
I'm a program, so I can't keep you safe, but people can. In danger now? Please call your emergency number. \
It is 112 in many countries and 911 in North America.

Want to talk to someone? findahelpline.com lists people who listen, in many countries. You don't need a big reason. \
They also know about fear at home.

Or go to someone near you and say: I don't want to be alone right now."""
"""The static crisis card: the words of `dialogs/help`, which a test compares. Not reviewed by a clinician."""

IN_GROUPS = "I only talk one to one, so your words stay yours. Write to me in a private chat."
"""The one line said in a group."""

TOO_MUCH = "That was a lot at once, and I missed some of it. I'm still here. Take your time. /help works at any moment."
"""What somebody is told, once, who sends hundreds of messages in a minute."""
