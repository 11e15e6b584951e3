//! The suite that says what a catalog is. A backend is correct if and only if it passes every case.
//!
//! Cases speak to the port only, and each sentence of the port's documentation has one. `catalog_conformance!` makes
//! one test per case, so that a failure names backend and case: `catalog::sqlite::conformance::advance_refuses_...`.
//! A case that is not named in its list is dead code, which the compiler refuses.

pub(crate) mod accounting;
pub(crate) mod advancing;
pub(crate) mod allowing;
pub(crate) mod changing;
pub(crate) mod closing;
pub(crate) mod finding;
pub(crate) mod installing;
pub(crate) mod keying;
pub(crate) mod listing;
pub(crate) mod owing;
pub(crate) mod profiling;
pub(crate) mod purging;
pub(crate) mod recording;
pub(crate) mod reserving;
pub(crate) mod samples;
pub(crate) mod sizing;
pub(crate) mod subject;
pub(crate) mod surveying;
pub(crate) mod sweeping;

pub(crate) use subject::Subject;

/// One test per case: `$subject` is an async function that gives a [`Subject`] with an empty catalog.
macro_rules! catalog_conformance {
    ($subject:path) => {
        $crate::catalog::conformance::conformance_tests! { $subject:
            reserving {
                reserve_writes_asset_files_and_places
                reserve_without_a_key_repeats_nothing
                reserve_again_while_running_is_in_progress
                reserve_again_once_settled_replays
                reserve_with_another_body_is_refused
                reserve_again_after_silence_resumes
                reserve_resumed_can_settle
                reserve_keys_are_scoped_to_owner_and_route
                reserve_forgets_keys_after_their_time
                reserve_races_for_one_key_have_one_winner
                settle_without_a_record_does_nothing
                settle_of_another_body_does_nothing
            }
            allowing {
                allowance_counts_open_uploads_with_this_one
                allowance_counts_reserved_bytes_with_this_one
                allowance_forgets_ended_files
                allowance_forgets_published_files_and_counts_replacements
                allowance_forgets_gone_assets
                allowance_is_each_owners_own
                allowance_is_asked_after_the_key
                allowance_refusal_writes_nothing
                allowance_counts_files_announced_later
                allowance_is_asked_after_the_revision
                allowance_counts_replacements_as_open_uploads
                allowance_lets_what_is_open_be_finished
            }
            accounting {
                usage_equals_a_recount_after_any_history
                usage_is_recounted_in_pages
                reserving_again_is_not_counted_twice
            }
            finding {
                find_knows_only_what_is_there
                find_gives_the_time_of_reading
                find_shows_gone_assets
                text_survives_as_it_was_typed
                patch_writes_what_is_given
                patch_refuses_a_stale_revision
                patch_of_nothing_known_is_stale
            }
            listing {
                list_is_newest_first
                list_shows_files
                list_never_shows_other_owners_or_collections
                list_never_shows_gone_assets
                list_by_status
                list_by_title
                list_by_fingerprint
                list_pages_by_cursor
                list_pages_hold_with_every_filter
                list_searches_description_and_file_names
                list_looks_at_no_more_than_it_may
            }
            surveying {
                survey_shows_everybody_in_any_status
                survey_finds_titles
                survey_pages_reach_everything_once
                assets_are_counted_by_status
            }
            advancing {
                advance_replaces_the_row
                advance_refuses_a_stale_fence
                advance_of_nothing_known_is_stale
                advance_writes_events_in_order
                advance_has_one_winner
                every_state_survives
                random_states_survive
            }
            changing {
                publish_flips_everything_at_once
                publish_refuses_a_stale_revision
                publish_refuses_any_stale_file
                publish_has_one_winner
                publish_and_delete_have_one_winner
                replacement_takes_the_place
                delete_ends_every_file
                expire_ends_an_unpublished_asset
                expire_ends_only_what_is_pending
                announce_adds_a_file
                announce_refuses_a_stale_revision
                withdraw_empties_the_place
                apply_to_nothing_known_is_stale
            }
            sizing {
                undeclared_sizes_reserve_their_limit_until_they_settle
                grants_since_the_last_weighing_survive
                undeclared_sizes_are_due_at_their_next_look
                looked_for_files_are_due_at_their_next_look
            }
            sweeping {
                files_are_counted_by_state
                expirable_with_a_rejected_file
                expirable_replacements_of_published_assets
            }
            owing {
                files_are_due_in_the_lane_of_their_state
                due_files_come_at_their_time_and_a_little_ahead_of_it
                what_waits_longest_comes_first
                a_server_sees_its_slots_only
                what_is_put_off_is_due_then_with_its_failures
                what_was_put_off_before_the_clock_was_set_back_comes_now
                what_waits_for_others_is_not_due_until_it_is_written
                what_moved_meanwhile_is_not_put_off
                assets_are_due_at_their_deadline_or_before
                due_assets_go_on_after_a_cursor
                backlogs_are_measured_by_lane
                members_are_those_that_said_so_lately
                schedules_are_written_by_compare_and_set
            }
            purging {
                purge_removes_a_closed_file
                purge_refuses_a_stale_fence
                purge_refuses_other_states
                purge_of_the_last_file_removes_a_gone_asset
                purge_of_a_live_assets_file_empties_its_place
                purge_makes_older_changes_stale
                purge_keeps_young_events_and_records
                forget_requests_removes_old_records_only
            }
            keying {
                keys_are_listed_in_byte_order_by_bucket
                keys_are_listed_in_a_range
                keys_show_what_reconcile_needs
                orphan_gets_a_row_and_an_asset_that_is_gone
                orphan_of_a_known_asset_leaves_it_alone
                orphan_with_a_row_is_stale
                orphan_is_purged_and_can_come_back
                lost_is_marked_and_unmarked
            }
            installing {
                installation_is_made_once
                installation_is_replaced_by_compare_and_set
                installation_has_one_winner
            }
            recording {
                events_are_in_order_of_commit
                events_are_listed_after_a_position
                events_of_one_owner_are_listed
                every_kind_of_event_survives
                a_reader_misses_nothing_while_writers_cross
            }
            profiling {
                no_profile_before_doctor_looked
                the_last_profile_is_kept
            }
            closing {
                closed_catalogs_are_unavailable
            }
        }
    };
}

macro_rules! conformance_tests {
    ($subject:path: $($module:ident { $($case:ident)* })*) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::catalog::conformance::$module::$case($subject().await).await;
            }
        )*)*
    };
}

pub(crate) use {catalog_conformance, conformance_tests};
