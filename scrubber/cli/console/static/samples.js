// Texts to begin with. Everything in them is made up, from ranges reserved for examples.

export const SAMPLES = [
  ["sshd", "Mar  4 10:17:31 gate sshd[4721]: Failed password for invalid user jkowalski63 from 203.0.113.9 port 52022 ssh2"],
  [
    "JSON",
    `{
  "ts": "2026-03-04T10:17:31Z",
  "level": "warn",
  "msg": "card declined for ann@mail.example",
  "user": {"id": 88412, "email": "ann@mail.example", "ip": "198.51.100.23"},
  "payment": {"card": "4111 1111 1111 1111", "amount": 41.50},
  "headers": {"authorization": "Bearer 3f9aTqLw8Zx2Kd7VbN1mRc6Y"}
}`,
  ],
  ["access log", '192.0.2.41 - ann [04/Mar/2026:10:17:22 +0000] "GET /account?email=ann@mail.example&page=3 HTTP/1.1" 200 512 "-" "Mozilla/5.0"'],
  [
    "ticket",
    "Ticket 90412: please change my address from ann@mail.example to ann@shop.example. You can call me on +1 202 555 0143; the card 5555-5555-5555-4444 was charged twice. Kind regards, Joanna Lindgren",
  ],
  ["harmless", "2026-03-04 10:17:55 INFO gateway version 6.1.3.0 build 20260311, 17 of 64 idle"],
];
