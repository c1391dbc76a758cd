"""URL paths that more than one part of the service names; see http/paths for all others."""

PAGE = '/ui'
