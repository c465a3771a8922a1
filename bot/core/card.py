"""The words that need nothing but the network: said when the database or the queue cannot answer in time."""

CARD = (
    "If you or someone near you may be in danger, please call your emergency number now: "
    "112 in most of Europe, 911 in North America.\n\n"
    "If you need to talk to a person, findahelpline.com lists free, kind help lines in many countries.\n\n"
    "I'm a program. I can't see what happens around you, and people can help you better than I can."
)
"""The static crisis card. Not reviewed by a clinician. Source of the address: findahelpline.com."""

IN_GROUPS = "I only work in a private chat. Please write to me there."
"""The one line said in a group."""
