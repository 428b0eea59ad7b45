"""Forms: a CSRF token in each, what is wrong beside the field, and what was typed given back."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Flask, Response, after_this_request, request
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError, validate_csrf
from wtforms import Field, ValidationError
from wtforms.validators import StopValidation

from framework.errors import Conflict, Forbidden, HoldfastError, Invalid, NotFound

Made = TypeVar("Made")

EXPIRED = "This form belongs to an earlier session. Nothing was changed; please send it again."


def register(app: Flask) -> None:
    """A form's token lasts as long as its session."""
    app.config["WTF_CSRF_TIME_LIMIT"] = None


class FormExpired(Invalid):
    """A button's form carries no valid CSRF token."""


class PageForm(FlaskForm):  # type: ignore[misc]
    """The base of every form; `status` is the answer's, `problems` what concerns the form as a whole."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """What all forms share."""

        def wrap_formdata(self, form: FlaskForm, formdata: object) -> Any:
            """What was sent as a form; the base class takes any JSON for one, too, and fails on most."""
            return None if request.is_json else super().wrap_formdata(form, formdata)

    status = 200
    refusal: HoldfastError | None = None
    form_errors: list[str]

    def attempt(self, act: Callable[[], Made]) -> Made | None:
        """What `act` made, when a valid form was posted and `act` did not refuse it; else None.

        A refusal is shown beside the field that it speaks of, or on top of the form, unless it has a page of its own.
        """
        if not self.is_submitted():
            return None
        if not self.validate():
            self.status = 400
            return None
        try:
            return act()
        except (Invalid, Conflict, NotFound, Forbidden) as refusal:
            if refusal.own_page:
                raise
            self.refusal = refusal
            headers = refusal.headers
            after_this_request(lambda answer: _with_headers(answer, headers))
            self._show(refusal.field, refusal.sentence, refusal.status)
            return None

    @property
    def problems(self) -> list[str]:
        """What is wrong with the form as a whole."""
        expired = [EXPIRED] if "csrf_token" in self.errors else []
        return expired + [str(text) for text in self.form_errors]

    def _show(self, field: str | None, sentence: str, status: int) -> None:
        self.status = status
        if field and field in self:
            self[field].errors = [*self[field].errors, sentence]
        else:
            self.form_errors = [*self.form_errors, sentence]


def follows(rule: Callable[[str], object]) -> Callable[[Any, Field], None]:
    """A validator that asks a room's own rule, so that forms, API and command line agree."""

    def check(_form: object, field: Field) -> None:
        try:
            rule(field.data or "")
        except (Invalid, Conflict) as refusal:
            raise ValidationError(refusal.sentence) from refusal

    return check


def require_filled(sentence: str) -> Callable[[Any, Field], None]:
    """A validator that wants something in the field."""

    def check(_form: object, field: Field) -> None:
        if not (field.data or "").strip():
            raise StopValidation(sentence)

    check.field_flags = {"required": True}  # type: ignore[attr-defined]
    return check


def strip(text: str | None) -> str:
    """The text without blanks at its ends, a filter for fields."""
    return (text or "").strip()


def check_header() -> None:
    """Let a page's script pass when the header `X-CSRFToken` is right.

    Raises:
        FormExpired: it is missing or of another session.
    """
    _check_token(request.headers.get("X-CSRFToken"), "Load the page again.")


def check_button() -> None:
    """Let a form that is only a button pass when its CSRF token is right.

    Raises:
        FormExpired: it is missing or of another session.
    """
    _check_token(request.form.get("csrf_token"), "Go back and press the button again.")


def check_posted_button() -> None:
    """The same for a page that is also read: where somebody sends a form to it, before anything else is asked of them.

    Raises:
        FormExpired.
    """
    if request.method == "POST":
        check_button()


def _with_headers(answer: Response, headers: Mapping[str, str]) -> Response:
    answer.headers.extend(headers)
    return answer


def _check_token(token: str | None, advice: str) -> None:
    try:
        validate_csrf(token)
    except (ValidationError, CSRFError) as error:
        raise FormExpired(f"{EXPIRED} {advice}") from error
