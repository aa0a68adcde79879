"""What moto is made to keep and to leave alone, whatever is asked of it, as soon as it is loaded."""

from __future__ import annotations

from lambdakit.harness.moto_state.bucket_encryption import encrypt_buckets
from lambdakit.harness.moto_state.bucket_names import bound_bucket_names
from lambdakit.harness.moto_state.build_projects import take_build_projects
from lambdakit.harness.moto_state.clusters import name_clusters
from lambdakit.harness.moto_state.database_storage import size_aurora
from lambdakit.harness.moto_state.inline_policies import take_inline_policies
from lambdakit.harness.moto_state.inspections import inspect_own_account
from lambdakit.harness.moto_state.invalidations import end_invalidations
from lambdakit.harness.moto_state.item_checks import check_items
from lambdakit.harness.moto_state.item_numbers import trim_numbers
from lambdakit.harness.moto_state.job_definitions import find_job_definitions
from lambdakit.harness.moto_state.kept_policies import keep_policies
from lambdakit.harness.moto_state.late_validator import validate_late
from lambdakit.harness.moto_state.launched_instances import mend_launches
from lambdakit.harness.moto_state.maintenance_windows import mend_windows
from lambdakit.harness.moto_state.memos import keep_names
from lambdakit.harness.moto_state.model_answers import mend_model_answers
from lambdakit.harness.moto_state.queue_bounds import bound_queues
from lambdakit.harness.moto_state.recorded_work import record_batch_jobs
from lambdakit.harness.moto_state.rest_authorizers import mend_authorizers
from lambdakit.harness.moto_state.rest_bounds import bound_rest_apis
from lambdakit.harness.moto_state.rest_deployments import keep_deployments
from lambdakit.harness.moto_state.service_interfaces import make_service_interfaces
from lambdakit.harness.moto_state.shared_domains import share_domains
from lambdakit.harness.moto_state.shared_models import share_models
from lambdakit.harness.moto_state.table_tags import replace_table_tags
from lambdakit.harness.moto_state.task_definitions import mend_task_definitions
from lambdakit.harness.moto_state.triggers import disarm
from lambdakit.harness.moto_state.usage_plans import mend_usage_plans
from lambdakit.harness.moto_state.whole_updates import update_as_a_whole


def mend_moto() -> None:
    """From now on moto is as its neighbours expect it. Idempotent."""
    keep = (disarm, keep_deployments, keep_names, keep_policies, share_models)
    mend = (mend_authorizers, mend_model_answers, mend_usage_plans, take_inline_policies)
    of_services = (
        check_items,
        trim_numbers,
        end_invalidations,
        find_job_definitions,
        inspect_own_account,
        name_clusters,
        replace_table_tags,
        update_as_a_whole,
    )
    more = (encrypt_buckets, record_batch_jobs, mend_task_definitions, validate_late)
    databases = (mend_windows, size_aurora)
    builds = (take_build_projects, share_domains, make_service_interfaces, mend_launches)
    bounds = (bound_bucket_names, bound_queues, bound_rest_apis)
    for change in (*keep, *mend, *of_services, *more, *databases, *builds, *bounds):
        change()
