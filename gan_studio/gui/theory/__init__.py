"""The Theory tab. A new bench is one file here, its words in `resources/theory`, and one line in `room.py`."""
