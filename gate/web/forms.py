"""The forms. Every one of them carries the token against cross-site requests."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from gate.domain.review import Role
from gate.services.people import LONGEST_PASSWORD, SHORTEST_PASSWORD

LONGEST_COMMENT = 10_000
DECISIONS = ("approve", "request_changes", "comment", "reject", "override", "withdraw", "try_again")
ROLES = [str(role) for role in (Role.REVIEWER, Role.AUDITOR, Role.ADMIN)]


class SignInForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    login = StringField("Name", [InputRequired("Give your name."), Length(max=100)])
    password = PasswordField("Password", [InputRequired("Give your password."), Length(max=LONGEST_PASSWORD)])


class PasswordForm(FlaskForm):  # type: ignore[misc]
    password = PasswordField(
        f"New password, at least {SHORTEST_PASSWORD} characters",
        [
            Length(
                SHORTEST_PASSWORD,
                LONGEST_PASSWORD,
                f"Use {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.",
            )
        ],
    )


class ChangePasswordForm(PasswordForm):
    current = PasswordField(
        "Current password", [InputRequired("Give the current one."), Length(max=LONGEST_PASSWORD)]
    )


class ReviewForm(FlaskForm):  # type: ignore[misc]
    oid = HiddenField(
        validators=[Regexp(r"^[0-9a-f]{40,64}$", message="The form does not say which commit it showed.")]
    )
    revision = HiddenField(
        validators=[Regexp(r"^[1-9][0-9]{0,8}$", message="The form does not say which revision it showed.")]
    )
    decision = RadioField(choices=DECISIONS)
    comment = TextAreaField("Comment", [Optional(), Length(max=LONGEST_COMMENT)])


class AllowSecretsForm(FlaskForm):  # type: ignore[misc]
    revision = HiddenField(
        validators=[Regexp(r"^[1-9][0-9]{0,8}$", message="The form does not say which revision it showed.")]
    )
    reason = StringField("Why", [InputRequired("Say why it may be published."), Length(max=1000)])


class NewUserForm(FlaskForm):  # type: ignore[misc]
    login = StringField("Name", [InputRequired("Give a name."), Length(max=39)])
    role = SelectField("Role", choices=ROLES)


class RoleForm(FlaskForm):  # type: ignore[misc]
    role = SelectField("Role", choices=ROLES)


class LockdownForm(FlaskForm):  # type: ignore[misc]
    reason = StringField("Why", [Optional(), Length(max=500)])


def faults(form: FlaskForm) -> str:
    """Everything that is wrong with what was sent, in a line."""
    return " ".join(str(fault) for field in form.errors.values() for fault in field)
