from scrubber.core.plain_steps import findings_of as findings_of
from scrubber.core.plain_steps import is_plain as is_plain
from scrubber.core.plain_steps import splice as splice
from scrubber.core.plain_steps import starred as starred
