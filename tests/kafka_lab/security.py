"""A secured node: SCRAM users and bearer tokens over TLS, client certificates, and ACLs that refuse the rest.

with LocalKafka(security=Security(users={"scrubber": "made-up-password"})) as kafka:
    allow(kafka.bootstrap, "scrubber", ResourceType.TOPIC, "clean", AclOperation.WRITE)
    Producer(kafka.security.scram("scrubber"))
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.kafka_lab.ports import free_port

JAAS = "org.apache.kafka.common.security"


class Security:
    """What a secured node lets in: a user, a certificate's common name, a token's subject; in ACLs each is `User:NAME`.

    Nothing is allowed at first, but for the plain listener (`LocalKafka.bootstrap`), whose clients are super-users.

    Args:
        users: SCRAM-SHA-512 user names and their passwords.
        certificates: the common names to make client certificates for.
    """

    def __init__(self, *, users: Mapping[str, str], certificates: tuple[str, ...] = ("client",)) -> None:
        self._users = dict(users)
        self._certificates = certificates
        self._folder = Path()
        self.listeners = {name: f"127.0.0.1:{free_port()}" for name in ("SCRAM", "MTLS", "OAUTH")}
        self.protocols = {"SCRAM": "SASL_SSL", "MTLS": "SSL", "OAUTH": "SASL_SSL"}

    @property
    def authority(self) -> Path:
        """The certificate of the authority that signed all others (`ssl.ca.location`)."""
        return self._folder / "authority.pem"

    def prepare(self, folder: Path) -> None:
        """Make the authority, the node's certificate and those of the clients, all valid for a day."""
        self._folder = folder
        authority_key = ec.generate_private_key(ec.SECP256R1())
        authority = _certificate(
            "kafka-lab authority", authority_key.public_key(), "kafka-lab authority", authority_key
        )
        self.authority.write_bytes(_pem(authority))
        for name in ("node", *self._certificates):
            key = ec.generate_private_key(ec.SECP256R1())
            certificate = _certificate(name, key.public_key(), "kafka-lab authority", authority_key)
            self._key(name).write_bytes(_key_pem(key))
            self._chain(name).write_bytes(_pem(certificate))
        store = self._key("node").read_bytes() + self._chain("node").read_bytes()  # Kafka takes both in one PEM file
        (folder / "node-store.pem").write_bytes(store)

    def settings(self) -> dict[str, str]:
        """The broker's settings for the secured listeners."""
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._folder / "node-store.pem"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority),
            "ssl.principal.mapping.rules": "RULE:^CN=(.*)$/$1/",
            "listener.name.mtls.ssl.client.auth": "required",
            "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.scram.scram-sha-512.sasl.jaas.config": f"{JAAS}.scram.ScramLoginModule required;",
            "listener.name.oauth.sasl.enabled.mechanisms": "OAUTHBEARER",
            "listener.name.oauth.oauthbearer.sasl.jaas.config": (
                f'{JAAS}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="node";'
            ),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }

    def format_options(self) -> list[str]:
        """How the data folder learns the SCRAM users."""
        users = self._users.items()
        return [w for name, word in users for w in ("--add-scram", f"SCRAM-SHA-512=[name={name},password={word}]")]

    def scram(self, user: str, password: str | None = None) -> dict[str, str]:
        """A client's settings: user and password (the right one if none is given) over TLS."""
        return {
            "bootstrap.servers": self.listeners["SCRAM"],
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": self._users[user] if password is None else password,
            "ssl.ca.location": str(self.authority),
        }

    def mtls(self, name: str = "client") -> dict[str, str]:
        """A client's settings: the client certificate of that common name."""
        return {
            "bootstrap.servers": self.listeners["MTLS"],
            "security.protocol": "SSL",
            "ssl.ca.location": str(self.authority),
            "ssl.certificate.location": str(self._chain(name)),
            "ssl.key.location": str(self._key(name)),
        }

    def oauth(self, subject: str) -> dict[str, str]:
        """A client's settings: an unsigned bearer token for that subject (Kafka's own handler for tests takes it)."""
        return {
            "bootstrap.servers": self.listeners["OAUTH"],
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "OAUTHBEARER",
            "enable.sasl.oauthbearer.unsecure.jwt": "true",
            "sasl.oauthbearer.config": f"principal={subject}",
            "ssl.ca.location": str(self.authority),
        }

    def _key(self, name: str) -> Path:
        return self._folder / f"{name}.key"

    def _chain(self, name: str) -> Path:
        return self._folder / f"{name}.pem"


def allow(bootstrap: str, user: str, kind: ResourceType, name: str, *operations: AclOperation) -> None:
    """Let `user` do `operations` on one resource; `bootstrap` is the super-user's listener."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    literal, allowed = ResourcePatternType.LITERAL, AclPermissionType.ALLOW
    acls = [AclBinding(kind, name, literal, f"User:{user}", "*", operation, allowed) for operation in operations]
    for future in admin.create_acls(acls).values():
        future.result(timeout=30)


def _certificate(
    name: str, key: ec.EllipticCurvePublicKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    loopback = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
        .add_extension(loopback, critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
