"""Prometheus' text format, read strictly."""
import re
import urllib.request

_SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? ([0-9.eE+-]+)')
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')


class Metrics:
    """One scrape: families with type and help, and samples by name and labels."""

    def __init__(self, text):
        self.text, self.types, self.samples = text, {}, {}
        assert text.endswith("\n")
        for line in text.splitlines():
            if line.startswith("# HELP "):
                continue
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name not in self.types, f"{name} has two types"
                self.types[name] = kind
                continue
            found = _SAMPLE.fullmatch(line)
            assert found, line
            name, labels = found[1], frozenset(_LABEL.findall(found[2] or ""))
            assert name in self.types, f"{name} has no type"
            assert (name, labels) not in self.samples, f"{line} comes twice"
            self.samples[(name, labels)] = float(found[3])

    def get(self, metric, **labels):
        """The sum of the samples that have these labels; an AssertionError where there is none."""
        wanted = set(labels.items())
        found = [value for (name, has), value in self.samples.items() if name == metric and wanted <= has]
        assert found, f"no {metric} with {labels}"
        return sum(found)

    def find(self, metric, **labels):
        """Likewise, but 0 where there is none."""
        wanted = set(labels.items())
        return sum(value for (name, has), value in self.samples.items() if name == metric and wanted <= has)


def scrape(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return Metrics(answer.read().decode())
