"""D26, D27, D43, D44: code that guards something, and code that lets its guard down."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.domain.risk.diff.look import FileLook, FileRule, Hit
from gate.domain.risk.diff.patterns import any_of
from gate.domain.risk.model import Confidence, Rule, Severity
from gate.domain.risk.view import Line, PathClass

D26 = Rule(
    id="D26",
    name="auth-crypto",
    severity=Severity.MEDIUM,
    why="It decides who may do what, or keeps secrets secret: a small mistake in it is a large one.",
    check="Have somebody who knows this part read it, and look at what happens to requests that are refused.",
)
D27 = Rule(
    id="D27",
    name="tls-off",
    severity=Severity.HIGH,
    why="Without a check of the certificate anybody on the way can read and change what is sent.",
    check="See why the check fails, and trust that one certificate instead.",
)
D43 = Rule(
    id="D43",
    name="exposure",
    severity=Severity.MEDIUM,
    why="More people, or everybody, can reach it, and some protection is off.",
    check="See whether this setting can come to production.",
)
D44 = Rule(
    id="D44",
    name="log-secret",
    severity=Severity.MEDIUM,
    why="What is logged is read by many, copied, and kept for long.",
    check="See what the value is, and log that it is there rather than what it is.",
)

_GUARD_PATH = re.compile(
    r"(?i)(?:^|[/_.-])(?:auth|authn|authz|authentication|authorization|oauth\d?|oidc|saml|sso|jwt|login|logout|signin"
    r"|session|sessions|password|passwords|permission|permissions|rbac|acl|crypto|cryptography|encryption|security"
    r"|csrf|tokens?|credentials?|keys?store)(?=[/_.-])"
)
_GUARD_CALL = re.compile(
    r"\b(?:bcrypt|scrypt|argon2|pbkdf2\w*|hmac\.\w+|compare_digest|jwt\.(?:encode|decode|sign|verify)|hashlib\.(?:md5|sha1)"
    r"|create(?:Cipher|Decipher|Hmac|Hash|Sign|Verify)\w*|crypto\.subtle|Cipher\.getInstance|MessageDigest\.getInstance"
    r"|check_password\w*|set_password|verify_password|login_required|permission_required|user_passes_test"
    r"|has_perm(?:ission)?s?\b|is_(?:superuser|staff|admin)\b|@PreAuthorize|@Secured|hasRole|authenticate\(|authorize!?\("
    r"|before_action\s+:auth\w*|IsAuthenticated\b|ssl\.\w+|tls\.Config|x509\.\w+|subtle\.ConstantTimeCompare"
    r"|random\.(?:random|randint|choice)\([^\n]{0,80}(?:token|password|secret)|Math\.random\(\)[^\n]{0,80}(?:token|id|key))"
)
_GUARD_HINTS = tuple(
    "bcrypt scrypt argon2 pbkdf2 hmac compare_digest jwt. hashlib. createcipher decipher createh"
    " createsign createverify subtle getinstance password login_required permission_ user_passes_test"
    " has_perm is_superuser is_staff is_admin preauthorize @secured hasrole authenticate authorize"
    " before_action ssl. tls.config x509. random".split()
)
_TLS_OFF = any_of(
    r"\bverify(?:_ssl|_certs?|_tls|_peer|_host|ssl)?['\"]?[ \t]*(?:=>|[=:])[ \t]*(?:False|false|0|no|off)\b",
    r"\bInsecureSkipVerify['\"]?[ \t]*[:=][ \t]*true",
    r"\brejectUnauthorized['\"]?[ \t]*[:=][ \t]*(?:false|0|!1)\b",
    r"\bNODE_TLS_REJECT_UNAUTHORIZED\b",
    r"\bCERT_NONE\b",
    r"\b_create_unverified_context\b",
    r"\bcheck_hostname[ \t]*=[ \t]*False",
    r"\bStrictHostKeyChecking[= \t]{1,20}(?:no|off|accept-new)\b",
    r"\bUserKnownHostsFile[= \t]{1,20}/dev/null",
    r"\bAutoAddPolicy\b",
    r"\b(?:http\.)?sslVerify['\"]?[= \t:]{1,20}['\"]?(?:false|0)\b",
    r"\bGIT_SSL_NO_VERIFY\b",
    r"\bPYTHONHTTPSVERIFY[ \t]*=[ \t]*['\"]?0",
    r"\bcurl\b[^\n|;&]{0,200}[ \t](?:-[a-zA-Z]{0,9}k[a-zA-Z]{0,9}|--insecure)(?=[ \t'\"]|$)",
    r"\bwget\b[^\n|;&]{0,200}--no-check-certificate",
    r"\bdisable_warnings\([^\n]{0,80}Insecure",
    r"\bstrict-ssl['\"]?[ \t]*[=:][ \t]*['\"]?false",
    r"\bCURLOPT_SSL_VERIFY(?:PEER|HOST)['\"]?[ \t]*(?:,|=>)[ \t]*(?:false|0)",
    r"\bOpenSSL::SSL::VERIFY_NONE",
    r"\bSSL_VERIFY_NONE\b",
    r"\bdanger_accept_invalid_(?:certs|hostnames)\(true",
    r"\bTrustAllCerts\b",
    r"\bALLOW_ALL_HOSTNAME_VERIFIER\b",
    r"\bNoopHostnameVerifier\b",
    r"\bServerCertificateValidationCallback\b[^\n]{0,80}true",
    r"--trusted-host\b",
    r"\bssl[ \t]*=[ \t]*False\b",
    flags=re.MULTILINE,
)
_TLS_HINTS = tuple(
    "verify rejectunauthorized tls_reject cert_none unverified check_hostname stricthostkey"
    " userknownhosts autoaddpolicy httpsverify curl wget disable_warnings strict-ssl danger_accept"
    " trustallcerts allow_all_hostname noophostname servercertificate trusted-host ssl".split()
)
_EXPOSED = any_of(
    r"\bDEBUG['\"]?[ \t]*[=:][ \t]*(?:True|true|1)\b",
    r"\bdebug[ \t]*=[ \t]*True\b",
    r"\bFLASK_DEBUG[ \t]*=[ \t]*1",
    r"(?:\bhost|\bbind|\blisten|\baddr(?:ess)?|HOST)['\"]?(?:\(|[ \t]*[=:,][ \t]*\[?|[ \t]+)"
    r"['\"]?(?:0\.0\.0\.0|\[?::\]?(?=['\":]))",
    r"--(?:host|bind|listen|address)[= \t]+0\.0\.0\.0",
    r"\bALLOWED_HOSTS[ \t]*=[ \t]*\[[ \t]*['\"]\*",
    r"Access-Control-Allow-Origin['\"]?[ \t]*[,:=][^\n]{0,20}\*",
    r"\ballow_?origins?['\"]?[ \t]*[=:][ \t]*\[?[ \t]*['\"]\*",
    r"\borigin['\"]?[ \t]*:[ \t]*(?:['\"]\*|true\b)",
    r"\bCORS_(?:ORIGIN_)?ALLOW_ALL\w*[ \t]*=[ \t]*True",
    r"\bcsrf_exempt\b",
    r"\bWTF_CSRF_ENABLED[ \t]*=[ \t]*False",
    r"\bcsrf\(\)[ \t]*\.disable\(\)",
    r"\bskip_before_action[ \t]+:verify_authenticity",
    r"\bprotect_from_forgery\b[^\n]{0,60}null_session",
    r"\bAllowAny\b",
    r"\bAllowAnonymous\b",
    r"\bpermitAll\(\)",
    r"\bchmod[ \t]+(?:-R[ \t]+)?(?:0?777|a\+rwx|o\+w)\b",
    r"\b0o?777\b",
    r"\bSECURE_SSL_REDIRECT[ \t]*=[ \t]*False",
    r"\b(?:SESSION|CSRF)_COOKIE_SECURE[ \t]*=[ \t]*False",
    r"\bautoescape[ \t]*=[ \t]*False",
    r"\bmark_safe\(",
    r"\|[ \t]*safe[ \t]*\}\}",
)
_EXPOSED_HINTS = tuple(
    "debug 0.0.0.0 :: allowed_hosts allow-origin origin cors_ csrf verify_authenticity forgery"
    " allowany allowanonymous permitall 777 a+rwx o+w ssl_redirect cookie_secure autoescape mark_safe"
    " safe".split()
)
_DEVELOPMENT = re.compile(
    r"(?i)(docker-)?compose[._-]?(dev|override|local|test)|[._-](dev|local|development)\."
)
_LOGGED = re.compile(
    r"\b(?:log(?:ger|ging)?\w*(?:\.\w+){1,3}|print(?:ln)?!?|console\.\w+|fmt\.(?:Print|Fprint)\w*"
    r"|System\.(?:out|err)\.print\w*|puts|NSLog|Log\.\w+|slog\.\w+|echo|var_dump|error_log|eprintln!|dbg!"
    r"|tracing::\w+!)[ \t]*[( ](?P<what>[^\n]{0,400})"
)
_LOGGED_HINTS = tuple("password passwd secret token api_key apikey private_key privatekey credential".split())
_SECRET_NAME = re.compile(
    r"(?i)(?<![\w.])(?:\$\{?|self\.|this\.)?(?:\w+\.)*\w*(?:password|passwd|secret|(?<!_)token|_token|api_?key"
    r"|private_?key|credentials?)\b(?![ \t]*(?:\(|is\b|==|!=|\.(?:length|count|size|name|id|type|expir)))"
)
_INTERPOLATED = re.compile(r"\$?\{([^{}\n]{1,100})\}|#\{([^{}\n]{1,100})\}")
_STRING = re.compile(
    r"(?<!\w)(?P<prefix>[a-zA-Z]{0,2})(?P<quote>['\"`])(?P<text>(?:\\.|(?!(?P=quote))[^\\\n])*)(?P=quote)"
)


def auth_crypto(look: FileLook) -> Iterator[Hit]:
    """One hit a file: what is at stake is the file, not the line."""
    if look.path_class not in (PathClass.SOURCE, PathClass.TEST) or look.is_deleted or not look.is_code:
        return
    line = next((one for one in look.changed if one.text.strip() and not look.is_comment(one)), None)
    if line is None:
        return
    severity = look.lowered_in(D26.severity, PathClass.TEST)
    is_old = line in look.removed
    if _GUARD_PATH.search(look.path):
        yield Hit(
            "The file is about authentication, permissions or cryptography",
            line,
            severity,
            key="path",
            is_old=is_old,
        )
        return
    for found, _ in look.finds(_GUARD_CALL, *_GUARD_HINTS):
        if not look.is_comment(found):
            words = "The code is about authentication, permissions or cryptography"
            yield Hit(words, found, severity)
            return
    for gone in look.removed:
        if _GUARD_CALL.search(gone.text[:1_000]) and not look.is_comment(gone):
            yield Hit(
                "Code about authentication, permissions or cryptography went", gone, severity, is_old=True
            )
            return


def tls_off(look: FileLook) -> Iterator[Hit]:
    for line, _ in look.finds(_TLS_OFF, *_TLS_HINTS):
        yield Hit(
            "A check of who is at the other end is switched off",
            line,
            _unless_prose(look, line, D27.severity),
        )


def exposure(look: FileLook) -> Iterator[Hit]:
    if look.path_class in (PathClass.DOCS, PathClass.LOCALE, PathClass.LOCK) or _DEVELOPMENT.search(
        look.path
    ):
        return
    for line, _ in look.finds(_EXPOSED, *_EXPOSED_HINTS):
        if not look.is_comment(line):
            severity = look.lowered_in(D43.severity, PathClass.TEST, PathClass.VENDORED, PathClass.GENERATED)
            yield Hit("It is opened to more than before, or a protection is off", line, severity)


def log_secret(look: FileLook) -> Iterator[Hit]:
    if look.path_class in (PathClass.DOCS, PathClass.LOCALE, PathClass.LOCK) or not look.is_code:
        return
    for line, match in look.finds(_LOGGED, *_LOGGED_HINTS):
        if not look.is_comment(line) and _SECRET_NAME.search(_values(match["what"])):
            severity = look.lowered_in(D44.severity, PathClass.TEST, PathClass.VENDORED, PathClass.GENERATED)
            words = "A value with the name of a secret seems to be logged"
            yield Hit(words, line, severity, confidence=Confidence.LIKELY)


def _values(arguments: str) -> str:
    """The arguments without their texts, and with what is put into those."""
    return _STRING.sub(lambda match: f" {' '.join(_put_in(match))} ", arguments)


def _put_in(match: re.Match[str]) -> list[str]:
    if (
        "f" not in match["prefix"].lower()
        and match["quote"] != "`"
        and "${" not in match["text"]
        and "#{" not in match["text"]
    ):
        return []
    return [one or other for one, other in _INTERPOLATED.findall(match["text"])]


def _unless_prose(look: FileLook, line: Line, severity: Severity) -> Severity:
    is_small = look.path_class in (PathClass.DOCS, PathClass.LOCALE, PathClass.TEST) or look.is_comment(line)
    return Severity.LOW if is_small else severity


RULES = (
    FileRule(D26, auth_crypto),
    FileRule(D27, tls_off),
    FileRule(D43, exposure),
    FileRule(D44, log_secret),
)
