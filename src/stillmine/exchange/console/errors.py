# SPDX-License-Identifier: Apache-2.0
"""Errors that only an operator can meet. None of them tells what was typed, or which part of it was wrong."""

from stillmine.wire.errors import StillmineError


class SignInRefusedError(StillmineError):
    code = "sign_in_refused"
    status = 401
    sentence = "Name, password and code don't match. A code works once: wait for the next one, then try again."


class SignInBusyError(StillmineError):
    code = "sign_in_busy"
    status = 503
    retry_after_seconds = 5
    sentence = "Too many people are signing in right now. Nothing was checked or counted: wait a few seconds, then try again."


class EnrolmentRefusedError(StillmineError):
    code = "enrolment_refused"
    status = 401
    sentence = "Name and enrolment code don't match, or the code is more than a day old. The people who run the machine can make a new one."


class PasswordUnfitError(StillmineError):
    code = "password_unfit"
    status = 422
    sentence = "This password can't be used. Use at least 12 characters, the same in both fields; a few unrelated words work well."


class CodeWrongError(StillmineError):
    code = "code_wrong"
    status = 422
    sentence = "This is not the code that the app should show now. Check the phone's clock, then enter the next code."


class RoleNotAllowedError(StillmineError):
    code = "role_not_allowed"
    status = 403
    sentence = "This page is for managers. Ask one of them to do it."


class FormRefusedError(StillmineError):
    code = "form_refused"
    status = 403
    sentence = "This form is too old or came from another site. Nothing was changed. Open the page again and repeat."
