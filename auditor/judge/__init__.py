"""Rules, policies and waivers are data; findings and statuses become one verdict."""
