"""A second Telegram for tests and the demo: it speaks the Bot API over HTTP and knows nothing of the bot."""

from bot.simulator.clock import SimulatedClock
from bot.simulator.faults import Fault, Trouble
from bot.simulator.groups import Group
from bot.simulator.people import Person
from bot.simulator.server import Served, serve
from bot.simulator.simulator import Simulator
from bot.simulator.store import Store

__all__ = ["Fault", "Group", "Person", "Served", "SimulatedClock", "Simulator", "Store", "Trouble", "serve"]
