"""The checker finds each kind of violation in a tree made for it, and nothing in a clean one."""
import os
import tempfile
import unittest

import rules

CLEAN = {
    "src/base/CMakeLists.txt": "ginnel_module(base)\n",
    "src/base/ip.h": "#include <string>\n",
    "src/model/CMakeLists.txt": "ginnel_module(model DEPENDS base)\n",
    "src/model/vpc.h": '#include "base/ip.h"\n',
    "src/planner/CMakeLists.txt": "add_library(ginnel_plan INTERFACE)\n"
                                  "target_link_libraries(ginnel_plan INTERFACE ginnel_base)\n"
                                  "ginnel_module(planner DEPENDS base model plan)\n",
    "src/planner/plan.h": '#include "base/ip.h"\n',
    "src/planner/vpc_plan.cc": '#include "planner/plan.h"\n#include "model/vpc.h"\n',
    "src/dns/CMakeLists.txt": "ginnel_module(dns DEPENDS plan base)\n",
    "src/dns/zone.cc": '#include "planner/plan.h"\n#include "dns/zone.h"\n#include <unbound.h>\n',
    "bpf/port.bpf.c": '#include "abi/flow.h"\n',
    "abi/flow.h": "struct flow { int x; };\n",
}


class RulesTest(unittest.TestCase):
    def violations(self, **changes):
        """What the checker says of the clean tree with files added or replaced (path → text)."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**CLEAN, **changes.get("files", {})}.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)) or root, exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            return rules.check(root)

    def assert_found(self, files, *parts):
        found = self.violations(files=files)
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])

    def test_clean_tree(self):
        self.assertEqual(self.violations(), [])

    def test_dns_includes_model(self):
        self.assert_found({"src/dns/bad.cc": '#include "model/vpc.h"\n'}, "src/dns/bad.cc", "dns may not include model/vpc.h")

    def test_dns_includes_more_of_planner_than_the_plan(self):
        self.assert_found({"src/dns/bad.cc": '#include "planner/vpc_plan.h"\n'}, "dns may not include planner/vpc_plan.h")

    def test_api_includes_dataplane(self):
        self.assert_found({"src/api/bad.cc": "# include <dataplane/maps.h>\n"}, "api may not include dataplane/maps.h")

    def test_api_includes_the_plan(self):
        self.assert_found({"src/api/ec2/bad.cc": '#include "planner/plan.h"\n'}, "api may not include planner/plan.h")

    def test_bpf_includes_base(self):
        self.assert_found({"bpf/stage.h": '#include "base/ip.h"\n'}, "bpf may not include base/ip.h")

    def test_dataplane_includes_a_packet_stage(self):
        self.assert_found({"src/dataplane/bad.cc": '#include <bpf/libbpf.h>\n#include "bpf/stage.h"\n',
                           "bpf/stage.h": "int x;\n"}, "dataplane may not include bpf/stage.h")

    def test_store_includes_model(self):
        self.assert_found({"src/store/bad_test.cc": '#include "model/vpc.h"\n'}, "store may not include model/vpc.h")

    def test_unknown_module(self):
        self.assert_found({"src/magic/x.cc": '#include "base/ip.h"\n'}, "src/magic has no place")

    def test_cmake_links_what_is_forbidden(self):
        self.assert_found({"src/dns/CMakeLists.txt": "ginnel_module(dns DEPENDS plan base model)\n"}, "dns may not link model")

    def test_cmake_target_link_libraries_is_seen(self):
        self.assert_found({"src/model/CMakeLists.txt": "ginnel_module(model DEPENDS base)\n"
                                                       "target_link_libraries(ginnel_model PUBLIC ginnel_store)\n"},
                          "model may not link store")

    def test_cmake_lacks_what_is_included(self):
        self.assert_found({"src/model/CMakeLists.txt": "ginnel_module(model)\n"}, "does not link base")

    def test_long_file(self):
        self.assert_found({"src/base/long.cc": "int x;\n" * 501}, "src/base/long.cc: 501 lines")

    def test_shell(self):
        self.assert_found({"src/base/bad.cc": "int x = std::" + "system(\"ls\");\n"}, "src/base/bad.cc:1: system() runs a shell")
        self.assert_found({"src/base/bad.cc": "FILE* f = po" + "pen(\"ls\", \"r\");\n"}, "popen() runs a shell")

    def test_words_that_only_look_like_a_shell(self):
        self.assertEqual(self.violations(files={"src/base/good.cc": "is_system(vpc); plan.system(); // the system (us)\n"
                                                                    .replace("the system (us)", "the system")}), [])

    def test_machine_path(self):
        self.assert_found({"docs/x.md": "see /wo" + "rk/main\n"}, "docs/x.md:1: names a path of one machine")

    def test_owed(self):
        self.assert_found({"src/base/bad.cc": "// TO" + "DO: later\n"}, "says that something is owed")


if __name__ == "__main__":
    unittest.main()
