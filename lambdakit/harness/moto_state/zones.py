"""Availability zones that moto does not know: local zones, and the CDK's own stand-ins for zones it could not look up.

Private surface used: `moto.ec2.models.availability_zones_and_regions.RegionsAndZonesBackend.zones` and `Zone`.
Canary: tests/unit/harness/provisioners/test_provisioner_zones.py.
"""

from __future__ import annotations


def know_zone(name: str, region: str) -> None:
    """From now on a zone of this name is there, in a region. Idempotent."""
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone

    known = {zone.name for zones in RegionsAndZonesBackend.zones.values() for zone in zones}
    if name not in known:
        zone = Zone(name=name, region_name=region, zone_id=f"{name}-id")
        RegionsAndZonesBackend.zones.setdefault(region, []).append(zone)
