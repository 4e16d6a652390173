"""Every filter that the API's reference documents is known, and no other; reading actions know DryRun."""
import re

import pytest
from errors import api_error

DESCRIBES = ["DescribeVpcs", "DescribeSubnets", "DescribeSecurityGroups", "DescribeSecurityGroupRules", "DescribeTags",
             "DescribeAvailabilityZones", "DescribeRegions", "DescribePrefixLists", "DescribeVpcEndpoints",
             "DescribeNetworkInterfaces", "DescribeInstances", "DescribeVpcEndpointServices"]
# Instances have no disks, licences or placement, and so no filters by them.
WITH_ALL_FILTERS = [name for name in DESCRIBES if name != "DescribeInstances"]


def documented_filters(ec2, operation):
    """The names in botocore's text on the parameter Filters, which is a list of <code>NAME</code> - what it means."""
    members = ec2.meta.service_model.operation_model(operation).input_shape.members
    names = re.findall(r"<li>\s*<p>\s*<code>([^<]+)</code>", members["Filters"].documentation)
    return ["tag:Name" if name in ("tag", "tag:&lt;key&gt;") else name for name in names]


def call(ec2, operation, **arguments):
    method = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
    return getattr(ec2, method)(**arguments)


@pytest.mark.parametrize("operation", WITH_ALL_FILTERS)
def test_documented_filters_are_known(ec2, operation):
    names = documented_filters(ec2, operation)
    assert names
    for name in names:
        call(ec2, operation, Filters=[{"Name": name, "Values": ["nothing is called so"]}])


@pytest.mark.parametrize("operation", DESCRIBES)
def test_other_filters_are_refused_by_name(ec2, operation):
    with api_error("InvalidParameterValue", "colour"):
        call(ec2, operation, Filters=[{"Name": "colour", "Values": ["green"]}])


@pytest.mark.parametrize("operation", DESCRIBES)
def test_dry_run_of_reading_actions(ec2, operation):
    with api_error("DryRunOperation"):
        call(ec2, operation, DryRun=True)
