"""Where settings come from: the environment, the shared files, the endpoint rules."""

from ec2lite.config.profiles import Profiles, parse_profiles

__all__ = ["Profiles", "parse_profiles"]
