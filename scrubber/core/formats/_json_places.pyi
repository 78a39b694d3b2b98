from scrubber.core.formats.json_places import places as places
