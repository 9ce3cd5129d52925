"""Text that an agent could write to get out of its place."""

from __future__ import annotations

from hypothesis import strategies as st

_OID = "0123456789abcdef0123456789abcdef01234567"
_ACTING = (
    "@alice @acme/security #12 GH-12 JIRA-7 acme/demo#12",
    f"alice@{_OID} {_OID}",
    "fixes #1 closes https://github.com/acme/demo/issues/1 resolves GH-1",
    "https://evil.example/x www.evil.example a@evil.example mailto:a@evil.example",
    ":tada: $x$ $`x`$ &#64;alice &lt;",
    "<img src=x onerror=alert(1)> <a href=x> </td></table></details><script>",
    "<!-- --> --> <!-- pushgate:status demo/12 -->",
    "![x](https://evil.example/x.png) [x](javascript:alert(1)) [x][y] [^1] <https://evil.example>",
    "\n\n[y]: https://evil.example\n\n[^1]: note\n",
    "\n# heading\n\nsetext\n===\n---\n***\n> quote\n- [x] item\n1. item\n1) item\n+ item\n",
    "\n    indented\n\tindented\n",
    "a|b|c\n|-|-|-|\n",
    "\n/approve 0123456\n/override because I say so\n",
)
_RUNS = tuple("`" * length for length in (1, 2, 3, 17, 90, 300))
_FENCES = ("~~~", "\n```\n", "\n" + "`" * 20 + "\n")
_SIGNS = (*"|\\&'\"()[]:.-+*_~$#@<> \t", "\\|", "\\\\|", "**", "~~", "12.", "   ", "")
_ENDS = ("\r", "\r\n", "\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029")
_UNSEEN = (
    "\x00",
    "\x1b[31m",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u3164",
    "\ufe0f",
    "\U000e0041",
)
_DISGUISED = ("\udc80", "\ud800", "\uff20alice", "m\u0430in", "a" + "\u0301" * 4, "\u0301", "\U0001f600")

PIECES = (*_ACTING, *_RUNS, *_FENCES, *_SIGNS, *_ENDS, *_UNSEEN, *_DISGUISED)

hostile = st.one_of(
    st.sampled_from(PIECES),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join),
    st.text(st.characters(codec=None), max_size=40),
    st.text("`|\\\n\r <>-*_[]()!#@:/$&~1.a", max_size=40),
)
