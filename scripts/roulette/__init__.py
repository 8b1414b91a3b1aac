"""Typed client of the cat roulette, for tests and scripts.

    visit = Client("http://localhost:30080").enter("en")
    visit.seek()
    for event in visit.events():
        match event:
            case Paired():
                visit.say("Hello!")
            case Message(mine=False, text=text):
                print(text)

Every call is repeated until it is answered, within `Timeouts`: while a Pod restarts or the service is busy or absent.
It works with threads and, monkey-patched, with gevent.
"""

from roulette.client import Client, Receipt, Visit
from roulette.errors import GaveUp, NotInChat, Refused, RouletteError, UnknownVisitor
from roulette.events import Beat, Cat, Event, Hello, Left, Message, Move, Paired, Replaced, Typing, Waiting
from roulette.transport import Timeouts

__all__ = [
    "Beat",
    "Cat",
    "Client",
    "Event",
    "GaveUp",
    "Hello",
    "Left",
    "Message",
    "Move",
    "NotInChat",
    "Paired",
    "Receipt",
    "Refused",
    "Replaced",
    "RouletteError",
    "Timeouts",
    "Typing",
    "UnknownVisitor",
    "Visit",
    "Waiting",
]
