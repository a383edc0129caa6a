"""The Translate tab: pictures in, pictures out, and a paper that is translated while one draws."""
