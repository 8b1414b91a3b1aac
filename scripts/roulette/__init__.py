"""A small typed client of the cat roulette, for tests and scripts.

    visit = Client("http://localhost:30080").enter("en")
    visit.seek()
    for event in visit.events():
        match event:
            case Paired():
                visit.say("Hello!")
            case Message(mine=False, text=text):
                print(text)

Every call is repeated until it is answered: a restarted Pod, a busy or an absent service is waited for, within
`Patience`. It works with threads and, monkey-patched, with gevent.
"""

from roulette.calls import Patience
from roulette.client import Client, Receipt, Visit
from roulette.errors import GaveUp, NotInChat, Refused, RouletteError, UnknownVisitor
from roulette.events import Beat, Card, Event, Hello, Left, Message, Move, Paired, Replaced, Typing, Waiting

__all__ = [
    "Beat",
    "Card",
    "Client",
    "Event",
    "GaveUp",
    "Hello",
    "Left",
    "Message",
    "Move",
    "NotInChat",
    "Paired",
    "Patience",
    "Receipt",
    "Refused",
    "Replaced",
    "RouletteError",
    "Typing",
    "UnknownVisitor",
    "Visit",
    "Waiting",
]
