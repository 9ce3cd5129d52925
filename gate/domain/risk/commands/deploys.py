"""C18: what reached systems and data beyond the repository."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.domain.risk.commands.look import Hit, Look
from gate.domain.risk.commands.programs import script
from gate.domain.risk.model import Confidence, Rule, Severity
from gate.domain.risk.view import Simple

C18 = Rule(
    id="C18",
    name="deploy-or-data",
    severity=Severity.HIGH,
    why="A deployment, a release or a change of data takes effect at once, before anyone reviewed the push.",
    check="See which system it was, whether the command succeeded, and what it would take to undo it.",
)
_DRY = frozenset(
    {
        "--dry-run",
        "--dry-run=client",
        "--dry-run=server",
        "--check",
        "--plan",
        "--noop",
        "--diff",
        "--help",
    }
)
_VERBS: dict[str, frozenset[str]] = {
    "terraform": frozenset({"apply", "import", "taint", "state"}),
    "tofu": frozenset({"apply", "import", "taint", "state"}),
    "pulumi": frozenset({"up", "import", "refresh"}),
    "kubectl": frozenset(
        "apply create delete replace patch scale rollout set drain cordon edit exec annotate"
        " label run cp".split()
    ),
    "oc": frozenset("apply create delete replace patch scale rollout".split()),
    "helm": frozenset("install upgrade uninstall delete rollback push".split()),
    "ansible-playbook": frozenset(),
    "serverless": frozenset({"deploy", "remove"}),
    "sls": frozenset({"deploy", "remove"}),
    "cdk": frozenset({"deploy", "destroy", "bootstrap"}),
    "sam": frozenset({"deploy", "delete"}),
    "fly": frozenset({"deploy", "destroy", "launch", "secrets", "scale"}),
    "flyctl": frozenset({"deploy", "destroy", "launch", "secrets", "scale"}),
    "vercel": frozenset({"deploy", "--prod", "promote", "rm", "env"}),
    "netlify": frozenset({"deploy"}),
    "wrangler": frozenset({"deploy", "publish", "secret", "d1"}),
    "firebase": frozenset({"deploy"}),
    "heroku": frozenset(
        "pg:reset config:set releases:rollback ps:scale apps:destroy container:release".split()
    ),
    "eb": frozenset({"deploy", "terminate"}),
    "cap": frozenset({"deploy"}),
    "npm": frozenset({"publish", "unpublish", "deprecate", "dist-tag"}),
    "pnpm": frozenset({"publish"}),
    "yarn": frozenset({"publish"}),
    "cargo": frozenset({"publish", "yank"}),
    "twine": frozenset({"upload"}),
    "poetry": frozenset({"publish"}),
    "uv": frozenset({"publish"}),
    "flit": frozenset({"publish"}),
    "hatch": frozenset({"publish"}),
    "gem": frozenset({"push", "yank"}),
    "docker": frozenset({"push"}),
    "podman": frozenset({"push"}),
    "skopeo": frozenset({"copy"}),
    "goreleaser": frozenset({"release"}),
}
_PAIRS = frozenset(
    {
        ("gh", "release"),
        ("gh", "pr"),
        ("gh", "workflow"),
        ("gh", "secret"),
        ("gh", "repo"),
        ("gh", "variable"),
        ("glab", "mr"),
    }
)
_PAIR_VERBS = frozenset(
    "create merge run set delete edit upload review approve close enable disable transfer archive".split()
)
_DESTROYING = {
    "terraform": "destroy",
    "tofu": "destroy",
    "pulumi": "destroy",
    "cdk": "destroy",
    "heroku": "pg:reset",
}
_CLOUDS = frozenset({"aws", "gcloud", "az", "doctl", "oci", "ibmcloud"})
_CLOUD_WRITE = re.compile(
    r"(?:create|delete|put|update|run|terminate|start|stop|modify|attach|detach|deploy|remove|reboot|register|deregister"
    r"|invoke|publish|set|add|restore|purge|cancel|reset|revoke|authorize)(?:-.*)?|rm|mb|rb|deploy"
)
_DATABASES = frozenset(
    {
        "psql",
        "mysql",
        "mariadb",
        "sqlite3",
        "sqlcmd",
        "mongo",
        "mongosh",
        "cockroach",
        "clickhouse-client",
        "duckdb",
    }
)
_DROPPING = re.compile(
    r"\b(?:DROP\s+(?:TABLE|DATABASE|SCHEMA|USER|ROLE|INDEX|VIEW)|TRUNCATE)\b|\bDELETE\s+FROM\s+\S+\s*(?:;|\Z)"
    r"|dropDatabase\(|\.drop\(",
    re.IGNORECASE,
)
_CHANGING = re.compile(
    r"\b(?:DELETE\s+FROM|UPDATE\s+\S+\s+SET|INSERT\s+INTO|ALTER\s+(?:TABLE|USER|ROLE)|GRANT)\b", re.IGNORECASE
)
_TEST_PLACE = re.compile(
    r"localhost|127\.0\.0\.1|\btest|_test\b|:memory:|/tmp/|\bdev\b|_dev\b|\.sqlite3?\b|\.db\b", re.IGNORECASE
)
_DEPLOY_NAME = re.compile(
    r"(?:\A|[-_./:])(?:deploy|release|publish|rollout|promote)(?:[-_:.][\w-]+)*\Z", re.IGNORECASE
)
_MIGRATING = (
    ("alembic", "upgrade"),
    ("alembic", "downgrade"),
    ("flask", "db", "upgrade"),
    ("rails", "db:migrate"),
    ("rake", "db:migrate"),
    ("prisma", "migrate", "deploy"),
    ("prisma", "migrate", "reset"),
    ("prisma", "db", "push"),
    ("knex", "migrate:latest"),
    ("sequelize", "db:migrate"),
    ("flyway", "migrate"),
    ("liquibase", "update"),
    ("goose", "up"),
    ("dbmate", "up"),
)


def deploy(look: Look) -> Iterator[Hit]:
    """Deployments, releases and changes of data. What only plans weighs nothing."""
    for simple in look.commands:
        words = simple.words[1:]
        if _DRY.intersection(words):
            continue
        text = " ".join((*words, simple.stdin or ""))
        if simple.name in _DATABASES:
            yield from _database(look, simple, text)
        elif _destroys(simple):
            yield Hit(Severity.CRITICAL, "a running system, or its data, was destroyed")
        elif _deploys(simple):
            yield Hit(Severity.HIGH, "a running system, or a place that others install from, was changed")
        elif _is_migration(simple):
            if not _TEST_PLACE.search(f"{text} {simple.assignments}"):
                yield Hit(Severity.MEDIUM, "a database was migrated", Confidence.LIKELY)
        elif _runs_script(simple):
            yield Hit(Severity.HIGH, "a script was run whose name says that it deploys or releases")


def _database(look: Look, simple: Simple, text: str) -> Iterator[Hit]:
    fed = " ".join(
        word
        for one in look.commands
        for word in (*one.words[1:], one.stdin or "")
        if one.name in ("echo", "printf", "cat")
    )
    is_test = simple.name == "sqlite3" or bool(_TEST_PLACE.search(" ".join(simple.words[1:])))
    is_test = is_test or any(
        _TEST_PLACE.search(value) for name, value in simple.assignments if name.startswith("PG")
    )
    if _DROPPING.search(text) or _DROPPING.search(fed):
        yield Hit(Severity.LOW if is_test else Severity.CRITICAL, "data of a database was dropped")
    elif _CHANGING.search(text) or _CHANGING.search(fed):
        yield Hit(Severity.LOW if is_test else Severity.HIGH, "data of a database was changed")


def _destroys(simple: Simple) -> bool:
    words = [word for word in simple.words if not word.startswith("-")]
    if words[1:2] == [_DESTROYING.get(simple.name, "")]:
        return True
    if simple.name in ("terraform", "tofu") and words[1:2] == ["apply"] and "-destroy" in simple.words:
        return True
    if simple.name in ("dropdb", "mongorestore") or (
        simple.name == "redis-cli" and {"FLUSHALL", "FLUSHDB"} & {w.upper() for w in words}
    ):
        return True
    if simple.name in ("kubectl", "oc") and words[1:2] == ["delete"]:
        return {"namespace", "ns", "pv", "pvc", "persistentvolumeclaim"}.intersection(
            words
        ) != set() or "--all" in simple.words
    return words[1:3] == ["s3", "rb"] or (words[1:3] == ["s3", "rm"] and "--recursive" in simple.words)


def _deploys(simple: Simple) -> bool:
    words = [word for word in simple.words[1:] if not word.startswith("-") or word == "--prod"]
    if simple.name in _VERBS:
        verbs = _VERBS[simple.name]
        if simple.name == "kubectl" and words[:2] in (["rollout", "status"], ["rollout", "history"]):
            return False
        if simple.name in ("terraform", "tofu") and words[:2] in (["state", "list"], ["state", "show"]):
            return False
        return bool(words) and (words[0] in verbs or not verbs)
    if (simple.name, "".join(words[:1])) in _PAIRS:
        return bool(_PAIR_VERBS.intersection(words[1:2])) and words[:2] not in (
            ["pr", "create"],
            ["pr", "edit"],
        )
    if simple.name in _CLOUDS:
        if words[:1] == ["s3"]:
            return words[1:2] in (["rm"], ["mb"], ["mv"], ["sync"])
        return any(_CLOUD_WRITE.fullmatch(word) for word in words[1:4])
    if simple.name in ("mvn", "gradle", "gradlew", "sbt"):
        return bool({"deploy", "publish", "release:perform"}.intersection(words))
    return simple.name in ("rclone",) and words[:1] in (["purge"], ["delete"])


def _is_migration(simple: Simple) -> bool:
    words = (simple.name, *simple.words[1:])
    if any(words[: len(one)] == one for one in _MIGRATING):
        return True
    return any(word.endswith("manage.py") for word in words[:2]) and "migrate" in words


def _runs_script(simple: Simple) -> bool:
    path = script(simple)
    if path:
        name = re.sub(r"\.(?:sh|bash|py|js|ts|rb|pl|mjs)\Z", "", path.rpartition("/")[2])
        return bool(_DEPLOY_NAME.search(name))
    words = [word for word in simple.words[1:] if not word.startswith("-") and "=" not in word]
    if simple.name in ("make", "just", "task", "rake", "invoke", "inv", "fab", "grunt", "gulp"):
        return any(map(_DEPLOY_NAME.search, words))
    if simple.name in ("npm", "pnpm", "yarn", "bun"):
        return bool(
            _DEPLOY_NAME.search(
                "".join(words[1:2] if words[:1] == ["run"] else words[:1] if simple.name != "npm" else [])
            )
        )
    return False
