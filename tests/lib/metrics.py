"""The daemon's metrics, read by Prometheus' own parser."""
import urllib.request

from prometheus_client.parser import text_string_to_metric_families


class Metrics:
    """One scrape: types of the families, and samples by name and labels. No family and no series may come twice."""

    def __init__(self, text):
        self.text, self.types, self.samples = text, {}, {}
        for family in text_string_to_metric_families(text):
            name = family.name + ("_total" if family.type == "counter" else "")
            assert name not in self.types and family.documentation, name
            self.types[name] = family.type
            for sample in family.samples:
                series = (sample.name, frozenset(sample.labels.items()))
                assert sample.name == name and series not in self.samples, series
                self.samples[series] = sample.value

    def get(self, metric, **labels):
        """The sum of the samples that have these labels; an AssertionError where there is none."""
        assert self._find(metric, labels), f"no {metric} with {labels}"
        return self.find(metric, **labels)

    def find(self, metric, **labels):
        """Likewise, but 0 where there is none."""
        return sum(self._find(metric, labels))

    def _find(self, metric, labels):
        wanted = set(labels.items())
        return [value for (name, has), value in self.samples.items() if name == metric and wanted <= has]


def scrape(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return Metrics(answer.read().decode())
