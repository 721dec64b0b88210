"""Whose browser this is, where many people share the app: nobody may list the projects of others."""

import hashlib
import os
import re
import secrets

import streamlit as st

SHARED_VARIABLE = "FEW_SHOT_LENS_SHARED"
COOKIE = "few_shot_lens_browser"
NAME = re.compile(r"[0-9a-f]{32}")  # 128 random bits: who knows the name may list the projects
KEY = "browser"  # str in st.session_state: the name, for browsers that take no cookie


def is_shared() -> bool:
    """Whether many people use this app (`FEW_SHOT_LENS_SHARED=1`)."""
    return os.environ.get(SHARED_VARIABLE, "") not in ("", "0")


def owner() -> str:
    """What new projects are marked with: a digest of the browser's name, empty where the app is not shared."""
    return hashlib.sha256(_name().encode()).hexdigest() if is_shared() else ""


def remember() -> None:
    """Where the app is shared, have the browser keep its name for a year; harmless where it may not."""
    if is_shared() and st.context.cookies.get(COOKIE) != _name():
        cookie = f"{COOKIE}={_name()}; path=/; max-age=31536000; SameSite=Strict"
        with st.container(key="fsl_browser"):
            st.html(f'<script>document.cookie = "{cookie}";</script>', unsafe_allow_javascript=True)


def _name() -> str:
    """That of the browser's cookie, else a new one for this session."""
    known = st.context.cookies.get(COOKIE, "")
    name: str = st.session_state.setdefault(KEY, known if NAME.fullmatch(known) else secrets.token_hex(16))
    return name
