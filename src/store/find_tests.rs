//! Finding input files: odd names, links, pipes, doubles.

use super::digest::{digest_files, no_progress, sha256_hex};
use super::find::{Found, check_unchanged, discover_outside, has_known_extension, open_input};
use crate::error::{Error, ErrorKind};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

fn tree(files: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in files {
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file).unwrap();
    }
    dir
}

fn find(base: &Path, patterns: &[&str]) -> Found {
    let patterns: Vec<String> = patterns.iter().map(|p| (*p).to_owned()).collect();
    discover_outside(&[], &patterns, base, None).unwrap()
}

fn names(found: &Found) -> Vec<&str> {
    found.files.iter().map(|f| f.name.as_str()).collect()
}

#[test]
fn a_folder_stands_for_its_known_files_at_every_depth() {
    let dir = tree(&[
        "m/b.csv",
        "m/a.PARQUET",
        "m/2025/01/c.ndjson.gz",
        "m/d.jsonl.zst",
        "m/notes.txt",
        "m/.e.csv",
    ]);
    fs::create_dir_all(dir.path().join("m/_log")).unwrap();
    fs::write(dir.path().join("m/_log/f.csv"), "").unwrap();
    fs::write(dir.path().join("m/g.parquet.gz"), "").unwrap();
    let found = find(dir.path(), &["m"]);
    assert_eq!(
        names(&found),
        [
            "m/2025/01/c.ndjson.gz",
            "m/a.PARQUET",
            "m/b.csv",
            "m/d.jsonl.zst"
        ]
    );
    assert_eq!((found.unreadable.len(), found.unmatched.len()), (0, 0));
    assert_eq!(found.files[2].bytes, 7);
    assert_eq!(found.left, ["m/notes.txt"]);
    let named = find(dir.path(), &["m", "m/*.txt"]);
    assert!(named.left.is_empty() && names(&named).contains(&"m/notes.txt"));
}

#[test]
fn names_with_a_dot_or_an_underscore_in_front_are_passed_over_unless_they_are_named() {
    let dir = tree(&[
        "m/a.csv",
        "m/_b.csv",
        "m/.c.csv",
        "m/_old/d.csv",
        "m/x_/e_.csv",
        "_m/f.csv",
        "m/~$a.csv",
        "m/~$x/g.csv",
        "m/notes.txt",
    ]);
    assert_eq!(names(&find(dir.path(), &["m"])), ["m/a.csv", "m/x_/e_.csv"]);
    assert_eq!(
        names(&find(dir.path(), &["m/*.txt", "m/~$a.csv"])),
        ["m/notes.txt", "m/~$a.csv"]
    );
    assert_eq!(names(&find(dir.path(), &["m/*.csv"])), ["m/a.csv"]);
    assert_eq!(
        names(&find(dir.path(), &["**/*.csv"])),
        ["m/a.csv", "m/x_/e_.csv"]
    );
    assert_eq!(
        names(&find(
            dir.path(),
            &["m/_*.csv", "m/.c.csv", "_m", "m/_old/*"]
        )),
        ["_m/f.csv", "m/.c.csv", "m/_b.csv", "m/_old/d.csv"]
    );
}

#[test]
fn what_is_excluded_is_not_read_however_it_is_reached() {
    let dir = tree(&[
        "m/a.csv",
        "m/archive/b.csv",
        "m/2025/archive/c.csv",
        "m/2025/d.csv",
        "m/2025/draft e.csv",
        "m/[x]/f.csv",
        "out.csv",
    ]);
    let outside = |exclude: &[&str], patterns: &[&str]| {
        let texts = |list: &[&str]| list.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
        discover_outside(&texts(exclude), &texts(patterns), dir.path(), None).unwrap()
    };
    let all = [
        "m/2025/archive/c.csv",
        "m/2025/d.csv",
        "m/2025/draft e.csv",
        "m/[x]/f.csv",
        "m/a.csv",
        "m/archive/b.csv",
        "out.csv",
    ];
    let absolute = dir.path().join("m/archive").display().to_string();
    for (exclude, gone) in [
        (&[][..], &[][..]),
        (&["m/archive"], &[5]),
        (&["./m/x/../archive/"], &[5]),
        (&["m/archive/**"], &[5]),
        (&["m/*/b.csv"], &[5]),
        (&[absolute.as_str()], &[5]),
        (&["**/archive"], &[0, 5]),
        (&["**/archive", "**/draft*"], &[0, 2, 5]),
        (&["m/[x]"], &[3]),
        (&["m/20[0-9][0-9]"], &[0, 1, 2]),
        (&["m/a.csv", "out.csv"], &[4, 6]),
        (&["**"], &[0, 1, 2, 3, 4, 5, 6]),
    ] {
        let wanted: Vec<&str> = (0..all.len())
            .filter(|i| !gone.contains(i))
            .map(|i| all[i])
            .collect();
        for patterns in [&["."][..], &["**/*.csv"], &["m", "out.csv", "m/archive/*"]] {
            let found = outside(exclude, patterns);
            assert_eq!(names(&found), wanted, "{exclude:?} {patterns:?}");
            assert!(found.idle_excludes.is_empty(), "{exclude:?}");
        }
    }
    let found = outside(&["archive", "m/a.csv"], &["m/a.csv", "m/archive"]);
    assert_eq!(names(&found), ["m/archive/b.csv"]);
    assert_eq!(found.idle_excludes, ["archive"], "beside the run file");
    assert_eq!(
        (&*found.unmatched[0].pattern, &found.unmatched[0].absent),
        ("m/a.csv", &None)
    );
    for bad in ["[", "*/../a"] {
        let error = discover_outside(&[bad.to_owned()], &[], dir.path(), None).unwrap_err();
        assert!(error.kind() == ErrorKind::Usage && error.message().contains(bad));
    }
}

#[test]
fn names_are_ordered_as_bytes() {
    let dir = tree(&[
        "m/b.csv",
        "m/B.csv",
        "m/a/z.csv",
        "m/a.csv",
        "m/ä.csv",
        "m/重庆 港.csv",
    ]);
    assert_eq!(
        names(&find(dir.path(), &["m"])),
        [
            "m/B.csv",
            "m/a.csv",
            "m/a/z.csv",
            "m/b.csv",
            "m/ä.csv",
            "m/重庆 港.csv"
        ]
    );
}

#[test]
fn globs_match_within_a_name_and_across_folders() {
    let dir = tree(&[
        "m/a1.csv",
        "m/a2.csv",
        "m/b.csv",
        "m/x/a3.csv",
        "m/.a4.csv",
        "n/x/y/a5.csv",
    ]);
    assert_eq!(
        names(&find(dir.path(), &["m/a*.csv"])),
        ["m/a1.csv", "m/a2.csv"]
    );
    assert_eq!(
        names(&find(dir.path(), &["m/a?.csv", "m/[b-c].csv"])),
        ["m/a1.csv", "m/a2.csv", "m/b.csv"]
    );
    assert_eq!(
        names(&find(dir.path(), &["m/**/a*.csv"])),
        ["m/a1.csv", "m/a2.csv", "m/x/a3.csv"]
    );
    assert_eq!(
        names(&find(dir.path(), &["*/x"])),
        ["m/x/a3.csv", "n/x/y/a5.csv"],
        "a folder that matches is a folder"
    );
    assert_eq!(names(&find(dir.path(), &["n/**"])), ["n/x/y/a5.csv"]);
    assert_eq!(
        names(&find(dir.path(), &["./m/../m/./b*.csv"])),
        ["m/b.csv"]
    );
}

#[test]
fn a_name_with_brackets_is_a_name_first() {
    let dir = tree(&["m/export [1].csv", "m/export 1.csv"]);
    assert_eq!(
        names(&find(dir.path(), &["m/export [1].csv"])),
        ["m/export [1].csv"]
    );
    assert_eq!(
        names(&find(dir.path(), &["m/export [2-9].csv"])),
        Vec::<&str>::new()
    );
}

#[test]
fn what_matches_nothing_is_told_by_pattern() {
    let dir = tree(&["m/a.csv", "empty/notes.txt"]);
    let found = find(
        dir.path(),
        &[
            "m/a.csv",
            "m/b.csv",
            "m/*.parquet",
            "empty",
            "none/**/*.csv",
            "",
        ],
    );
    assert_eq!(names(&found), ["m/a.csv"]);
    let told: Vec<(&str, Option<&str>)> = found
        .unmatched
        .iter()
        .map(|u| {
            (
                u.pattern.as_str(),
                u.absent.as_ref().map(|a| a.name.as_str()),
            )
        })
        .collect();
    let patterns = [
        ("m/*.parquet", None),
        ("empty", None),
        ("none/**/*.csv", None),
        ("", None),
    ];
    assert_eq!(
        told,
        [&[("m/b.csv", Some("m/b.csv"))], &patterns[..]].concat()
    );
}

#[test]
fn a_bad_pattern_and_a_missing_base_are_errors() {
    let dir = tree(&["a.csv"]);
    for bad in ["[", "a**b[.csv", "*/../a.csv"] {
        let error = discover_outside(&[], &[bad.to_owned()], dir.path(), None).unwrap_err();
        assert!(
            error.kind() == ErrorKind::Usage && error.message().contains(bad),
            "{error}"
        );
    }
    assert_eq!(
        discover_outside(&[], &[], &dir.path().join("none"), None)
            .unwrap_err()
            .exit_code(),
        3
    );
}

#[test]
fn a_file_matched_twice_is_read_once() {
    let dir = tree(&["m/a.csv", "m/b.csv"]);
    let absolute = dir.path().join("m/b.csv").display().to_string();
    let found = find(dir.path(), &["m", "m/*.csv", "m/a.csv", &absolute]);
    assert_eq!(names(&found), ["m/a.csv", "m/b.csv"]);
    assert!(found.unmatched.is_empty());
}

#[test]
fn files_outside_the_base_are_named_from_it() {
    let dir = tree(&["data/run.toml", "in/a.csv"]);
    let base = dir.path().join("data");
    let absolute = dir.path().join("in/a.csv").display().to_string();
    for pattern in ["../in/a.csv", "../in", "../in/*.csv", &absolute] {
        assert_eq!(
            names(&find(&base, &[pattern])),
            ["../in/a.csv"],
            "{pattern}"
        );
    }
}

#[test]
fn the_output_root_is_never_read_as_input() {
    let dir = tree(&["a.csv", "out/runs/r1/elements/part-00000.parquet"]);
    let out = dir.path().join("out");
    for pattern in [".", "**/*.*", "*"] {
        let found = discover_outside(&[], &[pattern.to_owned()], dir.path(), Some(&out)).unwrap();
        assert_eq!(names(&found), ["a.csv"], "{pattern}");
    }
}

#[test]
fn digests_come_in_order_and_progress_counts_every_byte() {
    let dir = tree(&["m/a.csv", "m/b.csv", "m/c.csv"]);
    let files = find(dir.path(), &["m"]).files;
    fs::remove_file(dir.path().join("m/b.csv")).unwrap();
    let seen = AtomicU64::new(0);
    let count = |n: u64| {
        seen.fetch_add(n, Ordering::Relaxed);
        Ok(())
    };
    let digests = digest_files(&files, &count).unwrap();
    assert_eq!(digests[0].as_ref().unwrap().sha256, sha256_hex(b"m/a.csv"));
    assert!(
        digests[1]
            .as_ref()
            .unwrap_err()
            .to_string()
            .contains("m/b.csv: cannot open: ")
    );
    assert_eq!(digests[2].as_ref().unwrap().bytes, 7);
    assert_eq!(seen.into_inner(), 14);
    let stop = |_| Err(Error::interrupted(2));
    assert_eq!(
        digest_files(&files[..1], &stop).unwrap_err().exit_code(),
        130
    );
}

#[test]
fn a_file_that_grows_while_it_is_read_is_noticed() {
    let dir = tree(&["a.csv"]);
    let file = find(dir.path(), &["a.csv"]).files.remove(0);
    check_unchanged(&file).unwrap();
    fs::write(&file.path, "longer than before").unwrap();
    assert_eq!(check_unchanged(&file).unwrap_err().exit_code(), 3);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    fn pipe(path: &Path) {
        assert!(
            std::process::Command::new("mkfifo")
                .arg(path)
                .status()
                .unwrap()
                .success()
        );
    }

    #[test]
    fn pipes_sockets_and_devices_are_refused_without_being_opened() {
        let dir = tree(&["m/a.csv"]);
        pipe(&dir.path().join("m/pipe.csv"));
        let _socket =
            std::os::unix::net::UnixListener::bind(dir.path().join("m/socket.csv")).unwrap();
        let found = find(dir.path(), &["m", "/dev/null", "m/*.csv"]);
        assert_eq!(names(&found), ["m/a.csv"]);
        let reasons: Vec<&str> = found
            .unreadable
            .iter()
            .map(|u| u.reason.rsplit_once(": ").unwrap().1)
            .collect();
        assert_eq!(
            reasons,
            [
                "is a pipe, expected a file",
                "is a socket, expected a file",
                "is a device, expected a file"
            ]
        );
        assert_eq!(found.unreadable[0].name, "m/pipe.csv");
        // By its name: the manifest of a run holds the reason, and must not know the way to the folder.
        let reason = &found.unreadable[2].reason;
        assert!(
            reason.ends_with("null: is a device, expected a file"),
            "{reason}"
        );
    }

    #[test]
    fn a_pipe_without_a_known_ending_is_left_alone_in_a_folder() {
        let dir = tree(&["m/a.csv"]);
        pipe(&dir.path().join("m/control"));
        assert!(find(dir.path(), &["m"]).unreadable.is_empty());
        assert!(!find(dir.path(), &["m/control"]).unreadable.is_empty());
    }

    #[test]
    fn a_file_that_became_a_pipe_is_not_opened() {
        let dir = tree(&["a.csv"]);
        let file = find(dir.path(), &["a.csv"]).files.remove(0);
        fs::remove_file(&file.path).unwrap();
        pipe(&file.path);
        assert!(
            open_input(&file)
                .unwrap_err()
                .to_string()
                .ends_with("is not a file any more")
        );
    }

    #[test]
    fn a_link_to_a_listed_file_is_no_second_file() {
        let dir = tree(&["m/b.csv", "elsewhere/c.csv"]);
        symlink("b.csv", dir.path().join("m/a.csv")).unwrap();
        symlink("../elsewhere", dir.path().join("m/x")).unwrap();
        fs::hard_link(dir.path().join("m/b.csv"), dir.path().join("m/z.csv")).unwrap();
        let found = find(dir.path(), &["m"]);
        assert_eq!(
            names(&found),
            ["m/a.csv", "m/x/c.csv"],
            "the first name in byte order stays"
        );
    }

    #[test]
    fn an_excluded_folder_is_excluded_behind_a_link_too() {
        let dir = tree(&["real/m/a.csv", "old/b.csv"]);
        symlink("real", dir.path().join("alias")).unwrap();
        symlink("../../old", dir.path().join("real/m/x")).unwrap();
        symlink("gone", dir.path().join("old/c.csv")).unwrap();
        let alias = dir.path().join("alias/m/x").display().to_string();
        for exclude in ["m/x", "../old", "../ol?", "**/x", &alias] {
            let base = dir.path().join("alias");
            let found =
                discover_outside(&[exclude.to_owned()], &["m".to_owned()], &base, None).unwrap();
            assert_eq!(names(&found), ["m/a.csv"], "{exclude}");
            assert!(found.unreadable.is_empty(), "{exclude}");
        }
    }

    #[test]
    fn a_dangling_link_is_an_unreadable_file() {
        let dir = tree(&["m/a.csv"]);
        symlink("gone", dir.path().join("m/b.csv")).unwrap();
        symlink("gone", dir.path().join("m/gone.txt")).unwrap();
        for pattern in ["m", "m/*.csv", "m/b.csv"] {
            let found = find(dir.path(), &[pattern]);
            assert_eq!(found.unreadable.len(), 1, "{pattern}");
            assert!(
                found.unreadable[0]
                    .reason
                    .contains("m/b.csv: cannot open: No such file"),
                "{pattern}"
            );
        }
    }

    #[test]
    fn a_loop_of_links_ends() {
        let dir = tree(&["m/a.csv"]);
        symlink("..", dir.path().join("m/up")).unwrap();
        symlink("self", dir.path().join("m/self")).unwrap();
        assert_eq!(names(&find(dir.path(), &["m/**/*.csv"])), ["m/a.csv"]);
        assert_eq!(names(&find(dir.path(), &["m"])), ["m/a.csv"]);
    }

    #[test]
    fn names_that_are_not_utf8_are_found_and_told_apart() {
        let dir = tree(&["m/a.csv"]);
        for byte in [0xfeu8, 0xff] {
            fs::write(
                dir.path()
                    .join("m")
                    .join(OsStr::from_bytes(&[b'b', byte, b'.', b'c', b's', b'v'])),
                "",
            )
            .unwrap();
        }
        for pattern in ["m", "m/*.csv"] {
            assert_eq!(
                names(&find(dir.path(), &[pattern])),
                ["m/a.csv", "m/b\\xfe.csv", "m/b\\xff.csv"],
                "{pattern}"
            );
        }
    }

    #[test]
    fn a_base_reached_through_a_link_gives_the_same_names() {
        let dir = tree(&["real/m/a.csv"]);
        symlink("real", dir.path().join("alias")).unwrap();
        let absolute = dir.path().join("real/m/a.csv").display().to_string();
        for pattern in ["m/a.csv", &absolute] {
            assert_eq!(
                names(&find(&dir.path().join("alias"), &[pattern])),
                ["m/a.csv"],
                "{pattern}"
            );
        }
    }

    #[test]
    fn no_progress_is_no_obstacle() {
        let dir = tree(&["m/a.csv"]);
        assert!(digest_files(&find(dir.path(), &["m"]).files, &no_progress).unwrap()[0].is_ok());
    }
}

#[cfg(unix)]
#[test]
fn what_cannot_be_looked_at_is_unreadable_and_not_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.csv"), "x").unwrap();
    std::os::unix::fs::symlink("loop", dir.path().join("loop")).unwrap();
    std::os::unix::fs::symlink("nowhere", dir.path().join("dangling")).unwrap();
    // It could be a folder of files.
    for (pattern, names) in [
        (".", vec!["loop"]),
        ("**/*.csv", vec![]),
        ("*/*.csv", vec!["loop"]),
        ("loop/*.csv", vec!["loop/*.csv"]),
        ("a.csv/*.csv", vec!["a.csv/*.csv"]),
    ] {
        let found = discover_outside(&[], &[pattern.to_owned()], dir.path(), None).unwrap();
        let unreadable: Vec<&str> = found.unreadable.iter().map(|u| u.name.as_str()).collect();
        assert_eq!(unreadable, names, "{pattern}");
    }
    // Nor is an output root of which nobody can say where it is.
    let except = dir.path().join("loop/out");
    assert!(discover_outside(&[], &[".".to_owned()], dir.path(), Some(&except)).is_err());
}

#[test]
fn extensions_that_are_read() {
    assert!(has_known_extension("a.CSV.gz") && has_known_extension("b.parquet"));
    assert!(
        !has_known_extension("b.parquet.gz")
            && !has_known_extension("notes.txt")
            && !has_known_extension(".csv")
    );
}

#[test]
fn files_far_outside_the_base_have_names_of_their_own() {
    let dir = tree(&[
        "home/me/run/run.toml",
        "home/me/run/a.csv",
        "data/jan/a.csv",
        "data/feb/a.csv",
        "data/feb/b.csv",
    ]);
    let base = dir.path().join("home/me/run");
    let outside = dir.path().join("data").display().to_string();
    let found = find(&base, &[&outside]);
    assert_eq!(names(&found), ["b.csv", "feb/a.csv", "jan/a.csv"]);
    for file in &found.files {
        let folder = file.outside.as_ref().expect("it lies outside");
        assert_eq!(folder.join(&file.name), file.path);
    }
    // However it is named, and beside a file of the folder itself.
    let found = find(&base, &["../../../data/*/a.csv", "a.csv"]);
    assert_eq!(names(&found), ["a.csv", "feb/a.csv", "jan/a.csv"]);
    assert_eq!(found.files[0].outside, None);
}
