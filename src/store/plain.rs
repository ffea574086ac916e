//! Paths as people read them: `out/runs/x`, not `data/../out/./runs/x`.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// The same place without `.` and without steps down and up again. A step through a link stays, since `..` behind it leads
/// beside the link's target; one through what is not there stays too, since it leads nowhere.
///
/// ```
/// # use std::path::Path;
/// use green_corridor::files::plain;
/// assert_eq!(plain(Path::new("./src/../out/.")), Path::new("out"));
/// assert_eq!(plain(Path::new("../no such folder/../out")), Path::new("../no such folder/../out"));
/// ```
pub fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        let is_step_back = component == Component::ParentDir
            && matches!(out.components().next_back(), Some(Component::Normal(_)))
            && fs::symlink_metadata(&out).is_ok_and(|seen| seen.is_dir());
        if is_step_back {
            out.pop();
        } else if component != Component::CurDir {
            out.push(component);
        }
    }
    if out.as_os_str().is_empty() && !path.as_os_str().is_empty() {
        out.push(".");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_through_folders_go_and_all_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        fs::create_dir_all(root.join("data/deep")).unwrap();
        fs::write(root.join("file"), "").unwrap();
        let said = |text: &str| plain(&root.join(text));
        assert_eq!(said("data/../out"), root.join("out"));
        assert_eq!(said("data/deep/../../out/./x"), root.join("out/x"));
        assert_eq!(said("file/../out"), root.join("file/../out"));
        for same in ["", "/", "..", "../../x", "a", "no/../a"] {
            assert_eq!(plain(Path::new(same)), Path::new(same));
        }
        assert_eq!(plain(Path::new("./.")), Path::new("."));
    }

    #[cfg(unix)]
    #[test]
    fn a_step_back_through_a_link_leads_where_it_led() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        fs::create_dir_all(root.join("elsewhere/data")).unwrap();
        std::os::unix::fs::symlink("elsewhere/data", root.join("data")).unwrap();
        let said = root.join("data/../out");
        assert_eq!(plain(&said), said);
        assert_eq!(
            plain(&root.join("elsewhere/data/../out")),
            root.join("elsewhere/out")
        );
    }
}
