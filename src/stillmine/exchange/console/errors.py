# SPDX-License-Identifier: Apache-2.0
"""Errors that only an operator can meet. None of them tells what was typed, or which part of it was wrong."""

from stillmine.wire.errors import StillmineError


class SignInRefusedError(StillmineError):
    code = "sign_in_refused"
    status = 401
    sentence = "Name, password and code don't fit together. A code works once: wait for the next one, then try again."


class SignInBusyError(StillmineError):
    code = "sign_in_busy"
    status = 503
    retry_after_seconds = 5
    sentence = "Very many are signing in just now. Nothing was checked or counted: wait a few seconds, then try again."


class EnrolmentRefusedError(StillmineError):
    code = "enrolment_refused"
    status = 401
    sentence = "Name and enrolment code don't fit together, or the code is over a day old. Whoever runs the machine can make a new one."


class PasswordUnfitError(StillmineError):
    code = "password_unfit"
    status = 422
    sentence = "This password can't be taken. Use at least 12 characters, the same in both fields; a few unrelated words are good."


class CodeWrongError(StillmineError):
    code = "code_wrong"
    status = 422
    sentence = "This code is not the one that the app should show now. Check the time of the phone, then type the next code."


class RoleNotAllowedError(StillmineError):
    code = "role_not_allowed"
    status = 403
    sentence = "This page is for managers. Ask one of them to do it."


class FormRefusedError(StillmineError):
    code = "form_refused"
    status = 403
    sentence = "This form is too old or came from another place. Nothing was changed. Open the page again and repeat."
