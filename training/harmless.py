"""Values that look important and must stay: versions, hosts, classes, threads, hashes, sizes, codes. Never labelled."""

from __future__ import annotations

import string
from random import Random
from typing import Final

from training import library_text, pools
from training.labels import LABELS
from training.machine_values import (
    blob,
    browser,
    compact_time,
    identifier,
    package,
    package_version,
    proper,
    rack,
    version,
)
from training.shapes import ALNUM, HEX, Maker, chars, digits, one_of, pattern, shapes

SERVICES: Final = ("payment", "checkout", "auth", "billing", "notifier", "gateway", "search", "inventory", "scheduler", "ingest", "reporting", "mailer", "session", "catalog", "pricing", "frontend", "indexer", "exporter")  # fmt: skip
DAEMONS: Final = ("sshd", "nginx", "postfix/smtpd", "cron", "kernel", "sudo", "dovecot", "systemd", "dhclient", "named", "httpd", "haproxy", "kubelet", "dockerd", "auditd", "rsyslogd", "snmpd", "ntpd", "crond", "CRON", "postgres", "mysqld", "vsftpd", "su", "login", "gdm", "xinetd")  # fmt: skip
PACKAGES: Final = ("com.acme", "org.example", "io.widget", "net.sample", "org.apache.kafka", "org.springframework.web", "java.util.concurrent", "io.netty.channel", "com.acme.billing", "org.hibernate")  # fmt: skip
NOUNS: Final = ("Order", "User", "Invoice", "Session", "Payment", "Token", "Account", "Customer", "Event", "Cache", "Block", "Task", "Job", "Stream", "Config", "Message", "Record", "Index", "Person", "Address", "Password", "Email", "Name", "Client", "Connection", "Thread", "Request", "Node", "File")  # fmt: skip
ROLES: Final = ("Service", "Manager", "Handler", "Controller", "Repository", "Factory", "Listener", "Executor", "Processor", "Exception", "Error", "Impl", "Adapter", "Filter", "Validator", "Scheduler", "Client", "Worker", "Dispatcher", "Provider")  # fmt: skip


COMMANDS: Final = (
    "chown", "chmod", "chgrp", "mkdir", "rmdir", "rsync", "cron", "grep", "egrep", "awk", "sed", "tar", "gzip", "mount", "umount", "dd", "ls", "rm", "mv", "cp", "cat",
    "tail", "touch", "ln", "ps", "kill", "pkill", "sleep", "wget", "curl", "scp", "ssh", "apt", "yum", "pip", "npm", "make", "gcc", "perl", "python3", "bash", "sudo",
    "passwd", "useradd", "usermod", "groupadd", "visudo", "systemctl", "journalctl", "iptables", "ip", "ping", "dig", "nc", "tee", "xargs", "find", "sort", "wc",
    "env", "printenv", "nohup", "nice", "chroot", "fsck", "mkfs", "lsof", "strace", "tcpdump", "openssl", "docker", "kubectl", "helm", "git", "vim", "nano", "less",
    "whoami", "uname", "hostname", "dmesg", "modprobe", "insmod", "sysctl", "at", "setfacl", "getfacl", "restorecon", "logrotate", "runuser", "java", "node", "php",
)  # fmt: skip


# What an earlier scrubbing, a template or an empty field leaves behind.
PLACEHOLDERS: Final = (
    *(f"<{label.upper()}>" for label in LABELS),
    "<PHONE>", "<IP>", "<UUID>", "<TS>", "<NUM>", "<HEX>", "<PATH>", "[EMAIL]", "[REDACTED]", "***", "<NAME>", "{email}", "{name}", "null", "None",
    "undefined", "N/A", "n/a", "-", "****", "xxx", "<email>", "%s", "${user}", "<redacted>", "[MASKED]", "<EMAIL_1>", "<FIRST_NAME_2>", "(null)", "(none)",
    "unknown", "anonymous", "[[NAME]]", "<NUMBER>", "<VERSION>", "XXXX", "*****1234", "d***@***", "<hidden>", "***REMOVED***",
)  # fmt: skip


def class_name(rng: Random) -> str:
    """A class name, plain or with its package."""
    name = rng.choice(NOUNS) + rng.choice(("", rng.choice(NOUNS))) + rng.choice(ROLES)
    return f"{rng.choice(PACKAGES)}.{name}" if rng.random() < 0.5 else name


def method_name(rng: Random) -> str:
    """A method or function name."""
    verb = rng.choice(
        (
            "get",
            "set",
            "find",
            "create",
            "update",
            "delete",
            "handle",
            "process",
            "load",
            "save",
            "validate",
            "on",
            "is",
            "to",
            "build",
        )
    )
    noun = rng.choice(NOUNS)
    return verb + noun if rng.random() < 0.6 else f"{verb}_{noun.lower()}"


def host(rng: Random) -> str:
    """A host name inside a reserved domain, or a bare one."""
    base = rng.choice(
        (
            "web",
            "db",
            "api",
            "node",
            "worker",
            "kafka",
            "mail",
            "app",
            "proxy",
            "cache",
            "ns",
            "gw",
            "edge",
            "ci",
            "bastion",
            "ldap",
            "combo",
            "master",
            "srv",
        )
    )
    bare = base + rng.choice(("", "-", "")) + digits(rng, 0, 2)
    bare = bare.rstrip("-")
    if rng.random() < 0.15:
        bare = "ip-10-" + "-".join(str(rng.randrange(256)) for _ in range(3))
    return (
        bare
        if rng.random() < 0.5
        else f"{bare}.{rng.choice(('prod.', 'eu-west-1.', 'dc1.', 'corp.', '', '', 'internal.'))}{rng.choice(('example.com', 'example.org', 'svc.cluster.local', 'internal', 'example.net', 'lan', 'local'))}"
    )


def file_path(rng: Random) -> str:
    """A path without a user's name in it."""
    root = rng.choice(
        (
            "/var/log",
            "/etc",
            "/usr/lib",
            "/opt/app",
            "/srv/data",
            "/run/lock",
            "/proc/self",
            "C:\\Windows\\System32",
            "/app/src",
            "s3://bucket/raw",
            "hdfs://nn:8020/user/root",
            "/mnt/hadoop",
            "/usr/share",
        )
    )
    sep = "\\" if "\\" in root else "/"
    parts = (
        [rng.choice((*SERVICES, "conf", "data", "logs", "main", "lib", "v1", "config", "cache", "part-00000"))]
        if rng.random() < 0.8
        else []
    )
    return sep.join(
        (
            root,
            *parts,
            rng.choice(pools.words())
            + rng.choice(
                (".log", ".conf", ".py", ".yaml", ".so.6", ".dll", ".json", "", ".tar.gz", ".jar", ".parquet")
            ),
        )
    )


def route(rng: Random) -> str:
    """A URL path of an API."""
    return (
        rng.choice(("/api/v1/", "/v2/", "/", "/internal/", "/admin/", "/rest/", "/static/"))
        + rng.choice(
            (
                "users",
                "orders",
                "login",
                "health",
                "metrics",
                "items",
                "cart",
                "checkout",
                "search",
                "profile",
                "index.html",
                "favicon.ico",
                "images/logo.png",
            )
        )
        + rng.choice(("", "", f"/{rng.randint(1, 99999)}", "?page=2", "/status", f"?v={rng.randint(1, 99)}"))
    )


def number(rng: Random) -> str:
    """A count, size, offset, code, port or duration."""
    return rng.choice(
        (
            str(rng.randint(0, 9)),
            digits(rng, 2, 3),
            str(rng.randint(1, 65535)),
            digits(rng, 5, 10),
            f"{rng.uniform(0, 1000):.{rng.randint(1, 3)}f}",
            f"-{rng.randint(1, 99)}",
            f"{rng.randint(1, 999)},{digits(rng, 3)}",
        )
    )


def gibberish(rng: Random) -> str:
    """English-looking words that say nothing."""
    return " ".join(rng.choices(pools.words(), k=rng.randint(3, 9)))


def message(rng: Random) -> str:
    """A message of a program with harmless values in its holes."""
    text = rng.choice(library_text.messages())
    while "{}" in text:
        kind = rng.choice(
            (
                "n",
                "n",
                "word",
                "hex",
                "file",
                "host",
                "class",
                "method",
                "size",
                "code",
                "version",
                "port",
                "service",
                "placeholder",
            )
        )
        text = text.replace("{}", MAKERS[kind](rng).replace("{}", ""), 1)
    return text


def timezone(rng: Random) -> str:
    """The name of a time zone."""
    town = rng.choice(pools.places().cities[:600]).replace(" ", "_")
    area = rng.choice(("Europe", "America", "Asia", "Africa", "Australia", "Pacific"))
    return rng.choice((f"{area}/{town}", f"{area}/{town}", "UTC", f"UTC+{rng.randint(1, 12)}", "GMT", "CEST", "PST"))


def locale_tag(rng: Random) -> str:
    """A language with a country, as programs write it."""
    language = rng.choice(("en", "de", "fr", "es", "pt", "it", "nl", "pl", "sv", "da", "fi", "tr", "ja", "zh", "ko"))
    return language + rng.choice("-_") + rng.choice(pools.places().country_codes) + rng.choice(("", "", ".UTF-8"))


def registration(rng: Random) -> str:
    """The id of an installation: a UUID in small or capital letters, with or without braces."""
    text = "-".join(chars(rng, HEX, n) for n in (8, 4, 4, 4, 12))
    text = text.upper() if rng.random() < 0.3 else text
    return f"{{{text}}}" if rng.random() < 0.15 else text


ANIMALS: Final = ("Tigers", "Bears", "Eagles", "Sharks", "Wolves", "Hawks", "Bulls", "Rams", "Falcons", "Panthers", "Royals", "Rovers", "Wanderers", "Rangers", "Chargers", "Knights", "Pirates", "Kings", "Comets")  # fmt: skip


def team(rng: Random) -> str:
    """A sports club."""
    town = rng.choice(pools.places().cities[:3000])
    return rng.choice(
        (
            f"{town} {rng.choice(ANIMALS)}",
            f"the {rng.choice(ANIMALS)}",
            rng.choice(ANIMALS),
            f"{town} {rng.choice(('FC', 'United', 'City', 'Athletic', 'SC'))}",
            f"{rng.choice(('FC', 'Real', 'Sporting', 'AC'))} {town}",
        )
    )


def work(rng: Random) -> str:
    """The title of a film, a song, a book, a game, a show."""
    a, b, c = (w.title() for w in rng.sample(pools.words(), 3))
    name = rng.choice((*pools.DOUBLE_MEANING, *pools.DOUBLE_MEANING_LAST))
    return rng.choice(
        (
            f"The {a} {b}",
            f"The {a}",
            f"{a} of {b}",
            f"{a} of the {b}",
            f"{a} and {b}",
            f"{a} {b} {rng.randint(2, 5)}",
            f"{a} {b}",
            a,
            f"{a} the {b}",
            f"{a} {b} {c}",
            f"My {a} {b}",
            f"{a}: {b} {c}",
            f"{a} in {name}",
            f"The {name}",
            f"{a.lower()} {b.lower()}",
            f'"{a} {b}"',
            f"{a}craft",
            f"{a.upper()}",
        )
    )


def band(rng: Random) -> str:
    """A band or a channel."""
    a, b = (w.title() for w in rng.sample(pools.words(), 2))
    return rng.choice(
        (
            f"The {a}s",
            f"the {a.lower()} {b.lower()}s",
            f"{a} {b}s",
            f"{rng.randint(2, 99)} {a}s",
            f"{a} & the {b}s",
            f"{a}{b}",
            f"{a} {b} Band",
            f"{a}TV",
            f"{a}{rng.randint(1, 99)}",
            f"{a.upper()}",
        )
    )


MAKERS: Final[dict[str, Maker]] = {
    "team": team,
    "work": work,
    "band": band,
    "country_code": lambda rng: rng.choice(pools.places().country_codes),
    "timezone": timezone,
    "locale_tag": locale_tag,
    "ident": identifier,
    "proper": proper,
    "rack": rack,
    "pkgver": package_version,
    "pkg": package,
    "browser": browser,
    "compact": compact_time,
    "blob": blob,
    "n": number,
    "port": lambda rng: str(rng.randint(1, 65535)),
    "pid": lambda rng: str(rng.randint(1, 99999)),
    "ms": lambda rng: str(rng.randint(0, 9999)),
    "small": lambda rng: str(rng.randint(0, 20)),
    "uid": lambda rng: rng.choice(("0", "1000", "1001", "48", "99", str(rng.randint(0, 65534)))),
    "http_status": one_of("200", "201", "204", "301", "302", "304", "400", "401", "403", "404", "429", "500", "502", "503"),
    "http_method": one_of("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"),
    "level": one_of("INFO", "WARN", "ERROR", "DEBUG", "TRACE", "FATAL", "NOTICE", "info", "warning", "error", "debug", "I", "E", "W"),
    "service": lambda rng: rng.choice(SERVICES) + rng.choice(("", "-service", "-api", "-worker", "-svc")),
    "daemon": lambda rng: rng.choice(DAEMONS),
    "class": class_name,
    "method": method_name,
    "thread": shapes("main", "pool-#-thread-##", "http-nio-8080-exec-#", "kafka-producer-network-thread", "worker-##", "Thread-##", "grpc-default-executor-#", "Executor task launch worker-#", "scheduling-1", "qtp##########-##"),
    "host": host,
    "file": file_path,
    "route": route,
    "version": version,
    "hex": lambda rng: rng.choice(("", "", "0x")) + chars(rng, HEX, rng.choice((6, 7, 8, 12, 16, 32, 40))),
    "block": lambda rng: rng.choice(("blk_", "blk_-", "part-", "shard-", "offset ", "rdd_", "broadcast_", "task_", "container_", "application_")) + digits(rng, 2, 19),
    "size": lambda rng: rng.choice((f"{rng.randint(1, 999)}{rng.choice(('MB', ' MB', 'KB', ' bytes', 'B', ' GiB', 'k'))}", f"{rng.uniform(0, 999):.1f} {rng.choice(('MB', 'KB', 'GB'))}")),
    "amount": lambda rng: rng.choice(("$", "€", "£", "", "USD ", "EUR ")) + rng.choice((f"{rng.uniform(1, 9999):.2f}", str(rng.randint(1, 999)), f"{rng.randint(1, 99)},{digits(rng, 3)}.00")),
    "percent": lambda rng: f"{rng.randint(0, 100)}%",
    "duration": lambda rng: f"{rng.randint(1, 999)}{rng.choice(('ms', 's', ' ms', ' seconds', 'm', ' minutes', 'h', 'us'))}",
    "code": lambda rng: pattern(rng, rng.choice(("E####", "ORA-#####", "##P##", "EPIPE", "ECONNRESET", "ERR_####", "0x8007####", "SQLSTATE[#####]", "CVE-2024-####", "HTTP ###", "KB#######", "RFC ####", "errno ##"))),
    "agent": one_of("Mozilla/5.0 (X11; Fedora) AppleWebKit/600.1 Chrome/120.0.0.0", "curl/7.81.0", "Mozilla/5.0 (iPhone; iOS 16_5)", "python-requests/2.31.0", "okhttp/4.9.3", "Go-http-client/1.1", "Mozilla/5.0 (Windows; x64; rv:115.0) Firefox/115.0", "kube-probe/1.27", "PostmanRuntime/7.32.2", "-"),
    "word": lambda rng: rng.choice(pools.words()),
    "words": gibberish,
    "env": one_of("prod", "staging", "dev", "qa", "test", "production", "canary"),
    "region": one_of("us-east-1", "eu-west-2", "ap-south-1", "westeurope", "us-central1", "eu-north-1a"),
    "message": message,
    "prose": lambda rng: rng.choice(library_text.prose()),
    "nonname": lambda rng: rng.choice((rng.choice(pools.DOUBLE_MEANING), rng.choice(pools.DOUBLE_MEANING_LAST))),
    "letters": lambda rng: rng.choice(("", "", "-")) + chars(rng, string.ascii_lowercase + rng.choice(("", string.digits)), 9, 14),
    "token_word": lambda rng: chars(rng, ALNUM, 4, 9),
    "uuid": registration,
    "command": lambda rng: rng.choice(COMMANDS),
    "letter": lambda rng: rng.choice(string.ascii_uppercase),
    "product": one_of("router", "laptop", "phone", "headphones", "blender", "subscription", "modem", "printer", "tablet", "washing machine", "gift card", "watch", "camera", "monitor", "keyboard", "fridge", "app", "jacket", "pair of shoes", "data plan"),
    "placeholder": lambda rng: rng.choice(PLACEHOLDERS),
}  # fmt: skip
