"""The texts that the page's script shows, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontend.i18n import mark, mark_plural

if TYPE_CHECKING:
    from gettext import NullTranslations

TEXTS = {
    "looking": mark("Looking for the backend…"),
    "all_well": mark("Every hop is fine: {name} {version} answers."),
    "back": mark("The backend is back. The cats are coming home."),
    "memory_back": mark("The café’s memory is back: everything goes on where it was."),
    "house_arrived": mark("The house cats keep the café open."),
    "fresh": mark("The café had forgotten you: a new visit has begun, and you are {name}."),
    "meet": mark("Meet {name}"),
    "a_cat": mark("a cat"),
    "waits": mark("Somebody waits at this window"),
    "empty": mark("Nobody at this window yet"),
    "mark_lit": mark("fine"),
    "mark_broken": mark("broken"),
    "mark_dim": mark("not reached"),
    "nothing": mark("nothing"),
    "frontend_title": mark("The page has lost its own frontend"),
    "frontend_why": mark(
        "Even the service that gave you this page does not answer any more. A port-forward ends when its Pod does, or "
        "when its terminal is closed."
    ),
}

STATES = {
    "lost": mark("The line to the café is cut; it is taken up again by itself."),
    "offline": mark("Your browser is offline."),
    "offline_why": mark("Nothing can be asked until it is connected again; what you write waits here until then."),
    "wish_refused": mark("The café refused to look for another cat: {why}"),
    "try_again": mark("Try again"),
    "redis_away": mark(
        "The café’s memory, Redis, is away: nothing is lost, and the talk goes on as soon as it is back."
    ),
    "full": mark("The house is full: a place will be free in a moment."),
    "replaced": mark("Your cat sits in another tab now."),
    "bring_here": mark("Bring it here"),
    "try_now": mark("Try now"),
    "see_where": mark("See where it breaks"),
}

CHAT = {
    "knocking": mark("Knocking at the window…"),
    "waiting": mark("Somebody will open; if all are busy, a house cat comes in a moment."),
    "waiting_status": mark("Waiting for somebody."),
    "local_status": mark("A house cat of the frontend: it keeps the café while the backend is away."),
    "silent_status": mark("The backend that speaks for this cat is away."),
    "met_visitor": mark("You are talking with a visitor."),
    "met_house": mark("You are talking with a house cat; it steps aside when a visitor comes."),
    "say_hello": mark("The window is open: say hello to each other."),
    "no_greeting": mark("I would say hello, but the backend that speaks for me does not answer."),
    "left_you": mark("You have closed this window."),
    "left_next": mark("{name} went on to another window."),
    "left_left": mark("{name} has left."),
    "left_gone": mark("{name} vanished: the line went silent for too long."),
    "left_refused": mark("Nobody will come to this window."),
    "left_fresh": mark("The café has forgotten this conversation, and a new visit has begun."),
    "you": mark("You"),
    "says": mark("{who}: "),
    "typing": mark("{name} is typing…"),
    "sending": mark("on its way…"),
    "not_delivered": mark("not delivered"),
    "send_again": mark("Send again"),
    "remove": mark("Remove"),
    "write_here": mark("Write to the cat"),
    "carried_by": mark("carried by Pod"),
    "kept_by": mark("a house cat, kept by Pod"),
    "version": mark("version {version}"),
}

PANEL = {
    "ask_who": mark("Who answered me?"),
    "ask_well": mark("Is it well?"),
    "ask_way": mark("How did I get here?"),
    "ask_if": mark("What if…?"),
    "nobody_answers": mark("Nobody answers yet."),
    "carries_you": mark("carries your conversation"),
    "answered_last": mark("answered last"),
    "who_alone": mark("It is the only one, and remembers the visitors itself: what it forgets is gone."),
    "who_with_redis": mark("It keeps nothing itself: any other Pod could take its place."),
    "who_one_of": mark("If it goes, another Pod takes your line, and nothing is lost."),
    "on_node": mark("on node"),
    "no_reading": mark("No reading: the backend does not answer."),
    "pods_one": mark("One Pod is seen, {ready} of {all} ready."),
    "pods_ready": mark("{all} Pods are seen, {ready} of them ready."),
    "store_redis": mark("They share their memory in Redis."),
    "store_away": mark("Redis, their shared memory, is away ({reason})."),
    "store_memory": mark("Visitors live in the Pod’s own memory."),
    "ready": mark("ready"),
    "not_ready": mark("not ready"),
    "phase_starting": mark("starting"),
    "phase_draining": mark("draining"),
    "fault_on": mark("Fault switched on: {name}"),
    "knocks": mark("Knocks at the door (probes)"),
    "no_knocks": mark("No probe has knocked: outside Kubernetes, nobody does."),
    "all_answered": mark("Every knock was answered."),
    "limits": mark("Limits"),
    "memory": mark("memory"),
    "measuring": mark("measuring…"),
    "in_use": mark("{use} used"),
    "request": mark("request {request}"),
    "no_request": mark("no request"),
    "limit": mark("limit {limit}"),
    "no_limit": mark("no limit"),
    "throttled": mark("throttled in {share} of the periods"),
    "life_now": mark("since {from} · running"),
    "ended_exit": mark("ended by itself, code {code}"),
    "ended_crash": mark("crashed, code {code}"),
    "ended_killed": mark("killed, code {code}"),
    "ended_oom": mark("out of memory, code {code}"),
    "way_fine": mark("Every hop is fine."),
    "outcome_ok": mark("● answers"),
    "outcome_redis_away": mark("● answers, but its Redis is away"),
    "outcome_not_ready": mark("○ answers that it is not ready"),
    "outcome_error": mark("○ answers with an error"),
    "outcome_refused": mark("○ refused"),
    "outcome_timeout": mark("… timed out"),
    "outcome_no_answer": mark("… takes the connection, then silence"),
    "outcome_unreachable": mark("○ no way to it"),
    "outcome_other": mark("○ something else answers"),
    "stage_browser": mark("Your browser"),
    "stage_name": mark("Name"),
    "tried": mark("Tried"),
    "resolved": mark("The name gave"),
    "seen": mark("Seen"),
    "try_next": mark("Try next"),
    "looks_again": mark("This page looks again by itself."),
    "copy": mark("Copy"),
    "copied": mark("Copied"),
    "no_faults": mark("The backend offers no faults: it was not started with FAULTS=on, or it does not answer."),
    "in_pod": mark("In Pod"),
    "lesson": mark("Lesson: {title}"),
    "switch_on": mark("Switch on"),
    "undo": mark("Undo"),
    "fault_started": mark("{name} is on in {pod}."),
    "fault_undone": mark("{name} is undone in {pod}."),
    "fault_refused": mark("{name} was refused: {why}"),
    "choose_pod": mark("Choose a Pod first."),
    "pod_gone": mark("{pod} has gone"),
    "value_whole": mark("“{field}” must be a whole number from {min} to {max}."),
    "value_number": mark("“{field}” must be a number from {min} to {max}."),
    "value_seconds": mark("for (seconds)"),
    "value_probes": mark("or for (probes)"),
    "value_cores": mark("CPU cores"),
    "value_mebibytes": mark("memory (MiB)"),
    "value_milliseconds": mark("delay (ms)"),
    "value_percent": mark("share (%)"),
    "value_code": mark("exit code"),
}

COUNTED = {
    "others": mark_plural("{n} other visitor is in the house.", "{n} other visitors are in the house."),
    "waiting_now": mark_plural("{n} can be met right now.", "{n} can be met right now."),
    "visitors": mark_plural("{n} visitor is in the house.", "{n} visitors are in the house."),
    "streams": mark_plural("{n} stream", "{n} streams"),
    "knocked": mark_plural("{n} knock", "{n} knocks"),
    "refused": mark_plural("{n} refused", "{n} refused"),
    "oom_kills": mark_plural("{n} OOM kill", "{n} OOM kills"),
    "lives": mark_plural("{n} life of the container", "{n} lives of the container"),
    "seconds_left": mark_plural("{n} s left", "{n} s left"),
    "probes_left": mark_plural("{n} probe left", "{n} probes left"),
    "rest": mark_plural("{n} character left", "{n} characters left"),
    "too_long": mark_plural("{n} character too many", "{n} characters too many"),
}


def page_texts(words: NullTranslations) -> dict[str, str | list[str]]:
    """Return every text by its key; those counted hold the singular and the plural, CLDR's «one» and «other»."""
    texts: dict[str, str | list[str]] = {
        key: words.gettext(text) for key, text in (TEXTS | STATES | CHAT | PANEL).items()
    }
    counted = {key: [words.ngettext(*forms, number) for number in (1, 2)] for key, forms in COUNTED.items()}
    return texts | counted
