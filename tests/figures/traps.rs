//! The traps of the trade: figures that look right and are wrong. Each test runs the built program on a table with round numbers and
//! fails when the trap is fallen into.

use crate::support::binary::green_corridor;
use crate::support::tables::{Table, current_run};
use std::fs;
use std::path::PathBuf;

const OPERATIONS: &str = "operation,mode,kind,energy_carrier,title,description\n\
    sea.container,sea,transport,,Container ship,\nroad.articulated,road,transport,diesel,Truck,\nrail.electric,rail,transport,electricity,Train,\n\
    air.freighter,air,transport,jet,Freighter,\nair.belly_freight,air,transport,jet,Belly,\nhub.terminal,hub,hub,,Terminal,\n";
const SOURCES: &str = "source,edition,title,publisher,published_on,url,licence,redistributable,gwp_set\n\
    base,1,No figures,,,,CC0,yes,AR5\n";
const TRANSPORT: &str = "factor_id,operation,region,temperature,per,operation_g,provision_g,distance_basis,valid_from,data_category\n";
const PROFILE: &str = "title = \"traps\"\nmethod = \"ISO 14083:2023\"\ngwp_sets = [\"AR5\"]\nafter_last_edition = \"reject\"\n\
    sources = [\"own/1\"]\ndefault_distance_basis = \"actual\"\ndefault_mass_per_teu_kg = \"10000\"\nempty_mass_per_teu_kg = \"2000\"\n\
    infer_hubs = false\n[statement]\nboundary = \"b\"\nallocation = \"a\"\ncut_off = \"c\"\n\
    [[distance_adjustment]]\nmode = \"sea\"\nactivity_basis = \"sfd\"\nintensity_basis = \"actual\"\nratio = \"1.15\"\n\
    [[distance_adjustment]]\nmode = \"sea\"\nactivity_basis = \"actual\"\nintensity_basis = \"sfd\"\nratio = \"0.869565\"\n";
const MOVEMENTS: &str = "shipment_id,movement_id,sequence,mode,operation,origin,destination,departed_at,distance_km,distance_basis,cargo_mass_kg,\
    teu,container_type\n";

/// A library, data and a run file in a folder of their own.
struct World(tempfile::TempDir);

impl World {
    /// A library with one source without figures, and a profile that names the edition `own/1`.
    fn new() -> World {
        let world = World(tempfile::tempdir().unwrap());
        world.write("lib/operations.csv", OPERATIONS);
        world.write("lib/sources.csv", SOURCES);
        world.write("lib/base/1/transport.csv", TRANSPORT);
        world.write("data/zones.csv", "zone,member\nASEAN,SG\nASEAN,MY\n");
        world.write(
            "data/containers.csv",
            "code,teu,tare_kg,refrigerated,title\n42G1,2,3800,no,Forty foot\n22G1,1,2300,no,Twenty foot\n",
        );
        world.write("run.toml", "movements = [\"movements.csv\"]\nfactors = \"lib\"\nprofile = \"traps\"\nreference = \"data\"\nout = \"out\"\n[limits]\nmax_reject_share = \"100%\"\n");
        world
    }

    /// As [`World::new`], with the edition `own/1` written as it is, without an import.
    fn with_rows(table: &str, rows: &str, profile: &[(&str, &str)]) -> World {
        let world = World::new();
        world.write(
            "lib/sources.csv",
            &format!("{SOURCES}own,1,Own,,,,CC0,yes,AR5\n"),
        );
        world.write(&format!("lib/own/1/{table}"), rows);
        let text = profile.iter().fold(PROFILE.to_owned(), |text, (old, new)| {
            assert!(text.contains(old), "{old}");
            text.replace(old, new)
        });
        world.write("lib/profiles/traps.toml", &text);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Imports a table into `own/1`; the text is what was said when it was refused.
    fn import(&self, table: &str, mapping: &str) -> Result<(), String> {
        self.write("table.csv", table);
        let edition = "[edition]\nsource = \"own\"\nedition = \"1\"\ntitle = \"Own\"\nlicence = \"own\"\nredistributable = false\ngwp_set = \"AR5\"\n";
        self.write(
            "mapping.toml",
            &format!("{edition}[[table]]\nsheet = \"table\"\nid_prefix = \"r\"\nheader_row = 1\n{mapping}"),
        );
        self.write("traps.toml", PROFILE);
        let text = |path: PathBuf| path.display().to_string();
        let ended = green_corridor([
            "factors",
            "import",
            &text(self.path("table.csv")),
            "--mapping",
            &text(self.path("mapping.toml")),
            "--factors",
            &text(self.path("lib")),
            "--reference",
            &text(self.path("data")),
            "--profile",
            &text(self.path("traps.toml")),
        ]);
        if ended.code == Some(0) {
            Ok(())
        } else {
            Err(ended.stdout + &ended.stderr)
        }
    }

    /// Runs movements and gives the columns of the elements, one text a row; rejected rows follow as their codes.
    fn run(&self, movements: &str, columns: &[&str]) -> Vec<String> {
        self.write("movements.csv", &format!("{MOVEMENTS}{movements}"));
        green_corridor(["run", &self.path("run.toml").display().to_string()]).expect(0);
        let run = current_run(&self.path("out"));
        let elements = Table::read(&run, "elements");
        let cells: Vec<Vec<&str>> = columns.iter().map(|c| elements.column(c)).collect();
        let rows = (0..elements.rows.len())
            .map(|row| cells.iter().map(|c| c[row]).collect::<Vec<_>>().join(" "));
        rows.chain(
            Table::read(&run, "rejected")
                .column("code")
                .into_iter()
                .map(str::to_owned),
        )
        .collect()
    }
}

/// A mapping of columns `Region,TTW,WTW` for sea, with these constants on top.
fn sea_mapping(constants: &str) -> String {
    format!(
        "section = \"transport\"\n[table.columns]\nregion = \"Region\"\nghg_operation = \"TTW\"\nghg_total = \"WTW\"\n[table.constants]\n\
         operation = \"sea.container\"\ntemperature = \"ambient\"\nvalid_from = \"2020-01-01\"\ndata_category = \"default\"\nbasis_note = \"p. 1\"\n\
         source_ref = \"Table 1\"\nghg_unit = \"g\"\n{constants}"
    )
}

/// A sea movement of 10 t in a forty-foot box.
fn sea(distance_km: &str, basis: &str) -> String {
    format!(
        "S,M,1,sea,sea.container,CNQZH,SGSIN,2025-03-01T00:00:00Z,{distance_km},{basis},10000,,42G1\n"
    )
}

#[test]
fn a_distance_adjustment_is_neither_applied_twice_nor_forgotten() {
    for (inside, basis, reported, want) in [
        // The 15 % is in the figure: a shortest feasible distance goes in as it is, an actual one is led back.
        ("yes", "sfd", "sfd", "1000.000 100.000000000"),
        ("yes", "sfd", "actual", "869.565 86.956500000"),
        // It is not: a shortest feasible distance becomes 15 % longer, an actual one goes in as it is.
        ("no", "actual", "sfd", "1150.000 115.000000000"),
        ("no", "actual", "actual", "1000.000 100.000000000"),
    ] {
        let world = World::new();
        let said = format!(
            "per = \"t.km\"\ndistance_adjustment_inside = \"{inside}\"\ndistance_basis = \"{basis}\"\n"
        );
        world
            .import("Region,TTW,WTW\nGLOBAL,8,10\n", &sea_mapping(&said))
            .unwrap();
        // 10 t x 10 g: a tenth of a kilogram per kilometre.
        assert_eq!(
            world.run(
                &sea("1000", reported),
                &["emission_distance_km", "ghg_total_kg"]
            ),
            [want],
            "{inside} {reported}"
        );
    }
}

#[test]
fn whether_the_adjustment_is_inside_is_asked_and_never_guessed() {
    let refused = World::new()
        .import(
            "Region,TTW,WTW\nGLOBAL,8,10\n",
            &sea_mapping("per = \"t.km\"\ndistance_basis = \"sfd\"\n"),
        )
        .unwrap_err();
    assert!(refused.contains("distance_adjustment_inside"), "{refused}");
}

#[test]
fn tank_to_wheel_is_not_taken_for_well_to_wheel() {
    let world = World::new();
    let basis =
        "per = \"t.km\"\ndistance_adjustment_inside = \"no\"\ndistance_basis = \"actual\"\n";
    world
        .import("Region,TTW,WTW\nGLOBAL,8,10\n", &sea_mapping(basis))
        .unwrap();
    let rows = world.run(
        &sea("1000", "actual"),
        &["ghg_operation_kg", "ghg_provision_kg", "ghg_total_kg"],
    );
    assert_eq!(
        rows,
        ["80.000000000 20.000000000 100.000000000"],
        "neither 80 nor 180 in total"
    );
    let exchanged = World::new()
        .import("Region,TTW,WTW\nGLOBAL,10,8\n", &sea_mapping(basis))
        .unwrap_err();
    assert!(
        exchanged.contains("table.csv table C2: ghg_total \"8\""),
        "{exchanged}"
    );
    let alone = sea_mapping(basis).replace("ghg_operation = \"TTW\"\n", "");
    let alone = World::new()
        .import("Region,TTW,WTW\nGLOBAL,8,10\n", &alone)
        .unwrap_err();
    assert!(
        alone.contains("one alone says not how much is operation"),
        "{alone}"
    );
}

#[test]
fn a_hub_figure_per_container_is_not_read_as_per_tonne() {
    let hub = "section = \"hub\"\n[table.columns]\nregion = \"Region\"\nper = \"Unit\"\nghg_operation = \"TTW\"\nghg_total = \"WTW\"\n[table.constants]\n\
        operation = \"hub.terminal\"\ntemperature = \"ambient\"\nvalid_from = \"2020-01-01\"\ndata_category = \"default\"\nsource_ref = \"Table 2\"\n\
        ghg_unit = \"kg\"\n[table.values.per]\n\"kg/container\" = \"container\"\n\"kg/t\" = \"t\"\n";
    let call = "S,M,1,hub,hub.terminal,SGSIN,SGSIN,2025-03-01T00:00:00Z,,,10000,,42G1\n";
    for (unit, want) in [
        ("kg/container", "container 20.000000000"),
        ("kg/t", "t 200.000000000"),
    ] {
        let world = World::new();
        world
            .import(&format!("Region,Unit,TTW,WTW\nGLOBAL,{unit},15,20\n"), hub)
            .unwrap();
        assert_eq!(world.run(call, &["intensity_per", "ghg_total_kg"]), [want]);
    }
    let silent = World::new()
        .import("Region,Unit,TTW,WTW\nGLOBAL,,15,20\n", hub)
        .unwrap_err();
    assert!(silent.contains("B2: per \"\""), "{silent}");
}

#[test]
fn a_figure_per_feu_is_two_teu() {
    for (per, want) in [
        ("feu.km", "teukm 10.000000000"),
        ("teu.km", "teukm 20.000000000"),
    ] {
        let world = World::new();
        let said = format!(
            "per = \"{per}\"\ndistance_adjustment_inside = \"no\"\ndistance_basis = \"actual\"\n"
        );
        world
            .import("Region,TTW,WTW\nGLOBAL,8,10\n", &sea_mapping(&said))
            .unwrap();
        // One forty-foot box over 1,000 km: 1 FEU, 2 TEU.
        assert_eq!(
            world.run(&sea("1000", "actual"), &["intensity_per", "ghg_total_kg"]),
            [want],
            "{per}"
        );
    }
}

#[test]
fn an_edition_that_has_ended_is_not_used_unawares() {
    let rows = format!(
        "{}{}{}",
        TRANSPORT.replace("valid_from", "valid_from,valid_to"),
        "old,sea.container,GLOBAL,ambient,tkm,10,0,actual,2023-01-01,2024-01-01,default\n",
        "new,sea.container,GLOBAL,ambient,tkm,5,0,actual,2024-01-01,2025-01-01,default\n"
    );
    let movement = |day: &str| {
        format!(
            "S{day},M,1,sea,sea.container,CNQZH,SGSIN,{day}T00:00:00Z,1000,actual,10000,,42G1\n"
        )
    };
    let world = World::with_rows("transport.csv", &rows, &[]);
    let days = ["2023-12-31", "2024-01-01", "2024-12-31", "2025-01-01"]
        .map(movement)
        .concat();
    assert_eq!(
        world.run(&days, &["factor_id", "ghg_total_kg"]),
        [
            "own/1:old 100.000000000",
            "own/1:new 50.000000000",
            "own/1:new 50.000000000",
            "R011"
        ]
    );
    let latest = World::with_rows("transport.csv", &rows, &[("\"reject\"", "\"use_latest\"")]);
    let rows = latest.run(
        &[movement("2024-12-31"), movement("2025-01-01")].concat(),
        &["factor_id", "quality_flags"],
    );
    assert!(
        rows[0].starts_with("own/1:new ") && !rows[0].contains("Q17"),
        "{rows:?}"
    );
    assert!(
        rows[1].starts_with("own/1:new ") && rows[1].contains("Q17"),
        "{rows:?}"
    );
}

#[test]
fn figures_of_two_gwp_sets_never_mix_unless_the_profile_says_so() {
    let rows = format!(
        "{}a,sea.container,GLOBAL,ambient,tkm,10,0,actual,2023-01-01,default,\nb,sea.container,SG,ambient,tkm,10,0,actual,2023-01-01,default,AR6\n",
        TRANSPORT.replace("data_category", "data_category,gwp_set")
    );
    let world = World::with_rows("transport.csv", &rows, &[]);
    world.write(
        "movements.csv",
        &format!("{MOVEMENTS}{}", sea("1000", "actual")),
    );
    let run = world.path("run.toml").display().to_string();
    let refused = green_corridor(["run", &run]).expect(9);
    assert!(
        refused
            .stderr
            .contains("own/1/transport.csv:3: gwp_set \"AR6\""),
        "{}",
        refused.stderr
    );
    let admitted = World::with_rows(
        "transport.csv",
        &rows,
        &[("[\"AR5\"]", "[\"AR5\", \"AR6\"]")],
    );
    assert_eq!(
        admitted.run(&sea("1000", "actual"), &["factor_id"]),
        ["own/1:a"]
    );
}

#[test]
fn belly_freight_and_freighters_do_not_stand_in_for_each_other() {
    let rows = format!(
        "{TRANSPORT}belly,air.belly_freight,GLOBAL,ambient,tkm,900,100,gcd,2023-01-01,default\n"
    );
    let world = World::with_rows("transport.csv", &rows, &[]);
    let flight = |operation: &str| {
        format!(
            "{operation},M,1,air,{operation},CNCKG,SGSIN,2025-03-01T00:00:00Z,3000,gcd,1000,,\n"
        )
    };
    assert_eq!(
        world.run(
            &[flight("air.belly_freight"), flight("air.freighter")].concat(),
            &["factor_id"]
        ),
        ["own/1:belly", "R011"]
    );
}

#[test]
fn a_grid_figure_of_carbon_dioxide_alone_does_not_pass_for_co2e() {
    let train = format!(
        "{},energy_carrier,energy_quantity,energy_unit\ntrain,rail.electric,GLOBAL,ambient,tkm,,,actual,2023-01-01,default,electricity,0.02,kWh\n",
        TRANSPORT.trim_end()
    );
    let grid = "energy_id,energy_carrier,region,per,operation_g,provision_g,valid_from,gwp_set\ngrid,electricity,CN,kWh,0,500,2023-01-01,CO2\n";
    let movement =
        "S,M,1,rail,rail.electric,CNCKG,CNQZH,2025-03-01T00:00:00Z,1000,actual,10000,,42G1\n";
    let world = World::with_rows("transport.csv", &train, &[]);
    world.write("lib/own/1/energy.csv", grid);
    world.write("movements.csv", &format!("{MOVEMENTS}{movement}"));
    let refused = green_corridor(["run", &world.path("run.toml").display().to_string()]).expect(9);
    assert!(
        refused
            .stderr
            .contains("own/1/energy.csv:2: gwp_set \"CO2\""),
        "{}",
        refused.stderr
    );
    let admitted = World::with_rows(
        "transport.csv",
        &train,
        &[("[\"AR5\"]", "[\"AR5\", \"CO2\"]")],
    );
    admitted.write("lib/own/1/energy.csv", grid);
    let rows = admitted.run(movement, &["ghg_total_kg", "quality_flags"]);
    assert!(
        rows[0].starts_with("100.000000000 ") && rows[0].contains("Q19"),
        "{rows:?}"
    );
    // Where the shipped library has a figure of CO2e for the place and day, it comes before the one of CO2.
    let shipped = green_corridor([
        "factors",
        "why",
        "--operation",
        "rail.container_electric",
        "--from",
        "CNCKG",
        "--to",
        "CNCKG",
        "--on",
        "2025-03-01",
        "--format",
        "json",
    ]);
    let answer: serde_json::Value = serde_json::from_str(&shipped.expect(0).stdout).unwrap();
    let chosen = answer["answer"]["factor"].as_str().unwrap();
    assert!(!chosen.contains("@mee/"), "{chosen}: CO2 of generation");
    assert!(
        answer["candidates"]
            .as_array()
            .unwrap()
            .iter()
            .any(|c| c["factor"].as_str().unwrap().contains("@mee/")),
        "it is a candidate"
    );
}

#[test]
fn nautical_miles_are_not_read_as_kilometres() {
    for (per, want) in [
        ("t.nautical_mile", "10.000000000"),
        ("t.km", "18.520000000"),
    ] {
        let world = World::new();
        let said = format!(
            "per = \"{per}\"\ndistance_adjustment_inside = \"no\"\ndistance_basis = \"actual\"\n"
        );
        world
            .import("Region,TTW,WTW\nGLOBAL,18.52,18.52\n", &sea_mapping(&said))
            .unwrap();
        assert_eq!(
            world.run(&sea("1000", "actual"), &["intensity_operation_g"]),
            [want]
        );
    }
    let odd = World::new().import(
        "Region,TTW,WTW\nGLOBAL,8,10\n",
        &sea_mapping(
            "per = \"t.nm\"\ndistance_adjustment_inside = \"no\"\ndistance_basis = \"actual\"\n",
        ),
    );
    assert!(odd.unwrap_err().contains("nautical_mile"));
}
