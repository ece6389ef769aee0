"""The version of ruralflow: written into every result, and part of the key of a stored run."""

VERSION = "0.1.0"
