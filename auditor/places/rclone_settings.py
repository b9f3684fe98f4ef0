"""Which settings of a remote are known not to change where it leads; every other one may lead anywhere.

The list is closed: rclone grows, and a new setting may be one more way around the address that is written down, as
`unix_socket` of `webdav` and `ssh` of `sftp` are. Source: `rclone config providers`, and rclone.org, a page a kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

_NO = ("", "0", "f", "false", "off")

_READ = """
type remote upstreams url endpoint host hostname namenode auth storage_url sas_url satellite_address port user
username account namespace region provider drive_id mountid team_drive root_folder_id root_folder_slug root_id
root_namespace share_name root_prefix library env_auth profile shared_credentials_file use_emulator no_data_encryption
"""
"""Where it leads, and as whom: `rclone_remotes` and `rclone_services` go by these."""

_KEYS = """
access_grant access_key_id access_token anonymous api_key api_password api_secret app_id app_token apple_id
application_credential_id application_credential_name application_credential_secret auth_token auth_version
authorization authorization_expiry bearer_token bearer_token_command box_config_file box_sub_type client_access_token
client_certificate_password client_certificate_path client_credentials client_id client_refresh_token
client_salted_key_pass client_secret client_send_certificate_chain client_uid config_credentials config_file
config_profile cookies device_id email impersonate impersonate_admin kerberos_ccache key key_file key_file_pass
key_pem key_use_agent library_key mailbox_password master_key master_keys mnemonic msi_client_id msi_mi_res_id
msi_object_id otp_secret_key pass passphrase password password2 2fa permanent_token private_access_key private_key
public_key pubkey pubkey_file refresh_token role_arn role_external_id role_session_duration role_session_name secret
secret_access_key service_account_credentials service_account_file service_principal_file service_principal_name
session_id session_token spn tenant tenant_domain tenant_id token token_expiry trust_token use_az use_kerberos use_msi
user_id version_at ask_password access_scopes scope scope_access scope_role resource_key disable_site_permission
configversion tokenurl device mountpoint domain project_number user_project compartment sts_endpoint ibm_api_key
ibm_iam_endpoint ibm_resource_instance_id
"""
"""Who asks: keys, and the programs that give them."""

_WAYS = """
description encoding vendor headers force_path_style use_dual_stack use_accelerate_endpoint use_arn_region v2_auth
known_hosts_file pin_host_key host_keys host_key_algorithms ciphers key_exchange macs use_insecure_cipher
disable_hashcheck md5sum_command sha1sum_command crc32sum_command sha256sum_command blake3sum_command xxh3sum_command
xxh128sum_command shell_type path_override hashes set_modtime skip_links use_fstat set_env concurrency connections
idle_timeout close_timeout shut_timeout disable_concurrent_reads disable_concurrent_writes copy_is_hardlink tls
explicit_tls no_check_certificate disable_epsv disable_mlsd disable_utf8 disable_tls13 allow_insecure_tls_ciphers
tls_cache_size writing_mdtm force_list_hidden no_check_upload hide_special_share case_insensitive case_sensitive
no_slash no_head no_escape data_transfer_protection auth_redirect owncloud_exclude_shares owncloud_exclude_mounts
nextcloud_chunk_size pacer_min_sleep pacer_burst chunk_size upload_cutoff upload_concurrency copy_cutoff
copy_concurrency copy_total_concurrency list_chunk list_version list_url_encode max_upload_parts
memory_pool_flush_time memory_pool_use_mmap disable_checksum disable_http2 no_check_bucket no_check_container
no_head_object acl bucket_acl object_acl location location_constraint storage_class storage_tier storage_policy
access_tier requester_pays server_side_encryption sse_customer_algorithm sse_customer_key sse_customer_key_base64
sse_customer_key_md5 sse_customer_key_file sse_customer_key_sha256 sse_kms_key_id leave_parts_on_error
use_multipart_etag use_unsigned_payload use_presigned_request use_data_integrity_protections use_multipart_uploads
use_already_exists use_accept_encoding_gzip use_x_id sign_accept_encoding might_gzip decompress no_system_metadata
directory_markers directory_bucket sdk_log_mode bucket_policy_only endpoint_type list_versions_oldest_first
bypass_governance_retention bucket_object_lock_enabled object_lock_mode object_lock_retain_until_date
object_lock_legal_hold_status object_lock_set_after_upload object_lock_supported versions version_deleted no_versions
hard_delete use_trash trashed_only starred_only shared_with_me shared_files shared_folders skip_shared_folders
skip_unowned_folders copy_shortcut_content skip_shortcuts skip_dangling_shortcuts skip_gdocs show_all_gdocs
skip_checksum_gphotos auth_owner_only owned_by formats export_formats import_formats allow_import_name_change
show_all_exports skip_exports use_created_date use_shared_date alternate_export acknowledge_abuse
keep_revision_forever size_as_quota v2_download_min_size server_side_across_configs stop_on_upload_limit
stop_on_download_limit fast_list_bug_fix metadata_owner metadata_permissions metadata_labels
metadata_enforce_expansive_access batch_mode batch_size batch_timeout batch_commit_timeout drive_type
expose_onenote_files link_scope link_type link_password hash_type av_override delta read_only read_size start_year
include_archived md5_memory_limit upload_resume_limit speedup_enable speedup_file_patterns speedup_max_disk
speedup_max_memory check_hash user_agent quirks spoof_ua upload_wait setmtime commit_retries
disable_fetching_member_count hash_memory_limit no_media_link list_page_size create_library debug use_https
original_file_size replace_existing_draft enable_caching app_version skip_hash_validation cdn wait_archive item_derive
item_metadata no_large_objects no_chunk fetch_until_empty_page partial_page_fetch_threshold use_segments_container
test_mode lifecycle download_auth_duration list_parallelism use_arrow_list use_copy_blob archive_tier_delete
public_access delete_snapshots attempt_resume_upload copy_timeout connection_retries zone tpslimit tpslimit_burst
list_folder_limit list_folder_window list_folder_burst service
"""
"""How it is spoken to, how fast, in which pieces, and what is shown of it."""

_OF_FOLDERS = """
nounc copy_links links skip_specials zero_size_links unicode_normalization no_check_updated one_file_system no_clone
no_preallocate no_sparse no_set_modtime metadata_restore_special_bits fatal_if_no_space time_type
"""
"""Of folders of this machine: `rclone_remotes` goes by `copy_links`."""

_AROUND = """
filename_encryption directory_name_encryption show_mapping pass_bad_blocks strict_names filename_encoding suffix
name_format start_from meta_format fail_hard transactions max_age auto_size mode level ram_cache_limit action_policy
create_policy search_policy cache_time min_free_space info_age chunk_total_size db_path chunk_path db_purge
chunk_clean_interval read_retries workers chunk_no_memory rps writes tmp_upload_path tmp_wait_time db_wait_time dir
discard
"""
"""Of remotes around others."""

_KNOWN = frozenset(f"{_READ} {_KEYS} {_WAYS} {_OF_FOLDERS} {_AROUND}".split())

_AS_ALWAYS = {"subsystem": "sftp"}
"""Settings that lead nowhere else with this value, which rclone has for them anyway."""

_OF_ALL = """
checkers transfers timeout contimeout expect_continue_timeout bwlimit tpslimit tpslimit_burst retries
low_level_retries retries_sleep buffer_size use_mmap multi_thread_streams multi_thread_cutoff multi_thread_chunk_size
max_connections fast_list no_traverse links copy_links metadata checksum size_only user_agent disable_http2
no_check_certificate
"""
"""Words of `global.` and `override.`, by which a remote sets what is rclone's own (rclone.org/docs)."""

_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")

_NOT_BY_HTTP = ("local", "memory", "sftp", "ftp", "smb", "hdfs")


def leading_elsewhere(settings: Mapping[str, str]) -> str | None:
    """The first setting that may lead elsewhere than the known ones say; None where none does."""
    set_ = {name.lower().replace("-", "_"): value for name, value in settings.items() if value.lower() not in _NO}
    unknown = [word for word, value in set_.items() if not _is_known(word, value)]
    # In the environment RCLONE_CONFIG_NAS_OLD_TYPE is a setting of a remote `nas_old`, and looks like one of `nas`.
    others = tuple(f"{word.removesuffix('_type')}_" for word in unknown if word.endswith("_type"))
    return min((word for word in unknown if not word.startswith(others or (" ",))), default=None)


def _is_known(word: str, value: str) -> bool:
    of, _, rest = word.partition(".")
    if of in ("global", "override") and rest:
        return rest in _OF_ALL.split()
    return word in _KNOWN or _AS_ALWAYS.get(word) == value


def proxy(kind: str, hosts: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """The variable by which rclone goes to a proxy for one of these hosts, which may lead anywhere; None where none
    does. Source: pkg.go.dev/golang.org/x/net/http/httpproxy; rclone.org/docs, "--http-proxy"."""
    if kind in _NOT_BY_HTTP:
        return None
    if environment.get("RCLONE_HTTP_PROXY"):
        return "RCLONE_HTTP_PROXY"
    named = next((name for name in _PROXIES if environment.get(name)), None)
    left_out = (environment.get("NO_PROXY") or environment.get("no_proxy") or "").lower().split(",")
    return (
        named if any(not _is_left_out(host.lower().rstrip("."), map(str.strip, left_out)) for host in hosts) else None
    )


def _is_left_out(host: str, left_out: Iterable[str]) -> bool:
    if host in ("localhost", "::1") or host.startswith("127."):
        return True
    return any(word in ("*", host) or (word and host.endswith(f".{word.lstrip('.')}")) for word in left_out)
