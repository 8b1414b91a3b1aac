"""The terminal's view of the lessons: a list, and a lesson with its live check. Works at 80 x 24 and without colour."""

import threading
from collections.abc import Callable

from rich.markup import escape
from textual import work
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Header, Markdown, OptionList, Static
from textual.widgets.option_list import Option

from lab.errors import LabError
from lab.experiments.texts import Language, load
from lab.lessons import content, progress
from lab.lessons.definition import Lesson
from lab.lessons.learner import Learner
from lab.lessons.watch import Look, Watch

_TEXTS = load("lessons").section("learn")
_EVERY = 1.0
"""Seconds between two checks."""
_KEYS = {
    "h": "screen.hint",
    "s": "screen.solution",
    "r": "screen.reset",
    "escape": "screen.leave",
    "q": "app.quit",
}
_MARKS = {"pass": "[green]✓[/]", "fail": "[red]✗[/]", "unknown": "[yellow]?[/]"}


class Learn(App[None]):
    """Lists the lessons, opens one, and goes back; ``make_learner`` connects a lesson with the cluster."""

    TITLE = "Chatroulette"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #text { height: 1fr; padding: 0 1; }
    #verdicts { height: auto; max-height: 50%; border-top: solid $primary; padding: 0 1; }
    """

    def __init__(
        self, lessons: tuple[Lesson, ...], make_learner: Callable[[Lesson], Learner], language: Language
    ) -> None:
        super().__init__()
        self.lessons, self.make_learner, self.language = lessons, make_learner, language
        for key, action in _KEYS.items():
            self.bind(key, action, description=_TEXTS.section("keys")[action.rpartition(".")[2]].of(language))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer a lesson's keys only where a lesson is open."""
        is_lessons = action in {"hint", "solution", "reset", "leave"}
        return super().check_action(action, parameters) if not is_lessons else isinstance(self.screen, LessonScreen)

    def on_mount(self) -> None:
        self.push_screen(Catalogue(self.lessons, self.language))


class Catalogue(Screen[None]):
    """The lessons, with how far the learner is."""

    def __init__(self, lessons: tuple[Lesson, ...], language: Language) -> None:
        super().__init__()
        self._lessons, self._language = lessons, language

    def compose(self) -> ComposeResult:
        yield Header()
        yield OptionList(id="lessons")
        yield Footer()

    def on_screen_resume(self) -> None:
        """List them anew: a lesson may have been passed since."""
        self.sub_title = _TEXTS["choose"].of(self._language)
        options = self.query_one(OptionList)
        highlighted = options.highlighted or 0
        done = progress.load(progress.file()).lessons
        options.clear_options()
        options.add_options(
            Option(content.row(lesson, done.get(lesson.id), self._language), lesson.id) for lesson in self._lessons
        )
        options.highlighted = highlighted
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        app = self.app
        lesson = next(each for each in self._lessons if each.id == event.option_id)
        if isinstance(app, Learn):
            app.push_screen(LessonScreen(app.make_learner(lesson)))


class LessonScreen(Screen[None]):
    """One lesson: its text above, what the cluster shows below; it is checked every second.

    What talks with the cluster runs in threads, which post messages: they never wait for the screen.
    """

    class Changed(Message):
        """There is something new to show below the text."""

    class Explained(Message):
        """The text is to have its explanation."""

        def __init__(self, markdown: str) -> None:
            super().__init__()
            self.markdown = markdown

    def __init__(self, learner: Learner) -> None:
        super().__init__()
        self._learner, self._lesson, self._language = learner, learner.lesson, learner.language
        self._look: Look | None = None
        self._note = ""
        self._explained = False
        self._left = threading.Event()

    def compose(self) -> ComposeResult:
        yield Header()
        yield VerticalScroll(Markdown(content.before(self._lesson, self._language)), id="text")
        yield Static(_TEXTS["starting"].of(self._language), id="verdicts")
        yield Footer()

    def on_mount(self) -> None:
        self.sub_title = f"{self._lesson.number}. {self._lesson.title.of(self._language)}"
        self.query_one("#text").focus()
        self._watch()

    def action_hint(self) -> None:
        self._give_hint()

    def action_solution(self) -> None:
        self._note = escape(self._learner.solution())
        self._show()

    def action_reset(self) -> None:
        self._note = _TEXTS["resetting"].of(self._language)
        self._explained = False
        self._show()
        self._reset()

    def action_leave(self) -> None:
        self._left.set()
        self.dismiss()

    @work(thread=True)
    def _watch(self) -> None:
        """Start the lesson, then check it until the screen is left."""
        self._guarded(self._learner.start)
        watch = Watch(self._learner)
        while not self._left.is_set() and self.is_running:
            self._guarded(lambda: self._found(watch.look()))
            self._left.wait(_EVERY)

    @work(thread=True)
    def _give_hint(self) -> None:
        look = self._look
        given = self._learner.hint(look.result) if look else None
        steps = [f"→ {escape(step)}" for step in given.steps] if given else [_TEXTS["no-hint"].of(self._language)]
        self._say("\n".join(steps))

    @work(thread=True)
    def _reset(self) -> None:
        self._guarded(self._learner.reset)
        self._say("")

    @work(thread=True)
    def _explain(self) -> None:
        evidence = self._learner.evidence()
        text = content.before(self._lesson, self._language) + content.after(self._lesson, evidence, self._language)
        self.post_message(self.Explained(text))

    def _guarded(self, action: Callable[[], object]) -> None:
        """Do something on the cluster; what fails is said below the text, and the view goes on."""
        try:
            action()
        except LabError as error:
            self._say(f"[red]✗[/] {escape(error.what)}\n  → {escape(error.hint)}")

    def _found(self, look: Look) -> None:
        self._look = look
        if look.passed and not self._explained:
            self._explained = True
            self._explain()
        self.post_message(self.Changed())

    def _say(self, note: str) -> None:
        self._note = note
        self.post_message(self.Changed())

    def on_lesson_screen_explained(self, message: Explained) -> None:
        self.query_one(Markdown).update(message.markdown)

    def on_lesson_screen_changed(self) -> None:
        self._show()

    def _show(self) -> None:
        lines = []
        for verdict in self._look.result.verdicts if self._look else ():
            lines += [f"{_MARKS[verdict.outcome]} {escape(verdict.sentence)}", f"  [dim]{escape(verdict.seen)}[/]"]
        if self._look and self._look.passed:
            lines.append(f"[bold green]{_TEXTS['passed'].of(self._language)}[/]")
        elif self._look and self._look.result.holds:
            lines.append(_TEXTS["holds"].format(seconds=self._look.left).of(self._language))
        self.query_one("#verdicts", Static).update("\n".join([*lines, *filter(None, [self._note])]))
