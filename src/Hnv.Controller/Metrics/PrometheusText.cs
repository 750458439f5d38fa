using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Hnv.Controller.Metrics;

/// <summary>Collects one meter and writes it in the Prometheus text format (version 0.0.4). Histograms have fixed bounds.</summary>
internal sealed class PrometheusText : IDisposable
{
    private static readonly double[] s_bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly Lock _gate = new();
    private readonly MeterListener _listener = new();
    private readonly SortedDictionary<string, Instrument> _instruments = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, double> _values = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Histogram> _histograms = new(StringComparer.Ordinal);

    /// <param name="meter">The meter to listen to; another one of the same name (another controller in this process) is not ours.</param>
    public PrometheusText(IMeterFactory factory)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == ControllerMetrics.MeterName && ReferenceEquals(instrument.Meter.Scope, factory))
            {
                lock (_gate)
                {
                    _instruments[instrument.Name] = instrument;
                }

                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((i, value, tags, _) => Take(i, value, tags));
        _listener.SetMeasurementEventCallback<int>((i, value, tags, _) => Take(i, value, tags));
        _listener.SetMeasurementEventCallback<double>((i, value, tags, _) => Take(i, value, tags));
        _listener.Start();
    }

    public string Render()
    {
        Forget();
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        lock (_gate)
        {
            foreach ((string name, Instrument instrument) in _instruments)
            {
                bool histogram = instrument is Histogram<double>;
                text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {instrument.Description}\n");
                text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {(histogram ? "histogram" : instrument is Counter<long> or ObservableCounter<long> ? "counter" : "gauge")}\n");
                foreach ((string series, double value) in _values.Where(v => v.Key == name || v.Key.StartsWith(name + "{", StringComparison.Ordinal)))
                {
                    text.Append(CultureInfo.InvariantCulture, $"{series} {value}\n");
                }

                foreach ((string labels, Histogram h) in _histograms.Where(h => h.Value.Name == name).Select(static h => (h.Value.Labels, h.Value)))
                {
                    h.Render(text, labels);
                }
            }
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>What is asked anew every time may have fewer series now: a network is gone.</summary>
    private void Forget()
    {
        lock (_gate)
        {
            foreach (string series in _values.Keys.Where(s => _instruments.GetValueOrDefault(s.Split('{')[0]) is { IsObservable: true }).ToArray())
            {
                _values.Remove(series);
            }
        }
    }

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string labels = Labels(tags);
        string series = labels.Length == 0 ? instrument.Name : $"{instrument.Name}{{{labels}}}";
        lock (_gate)
        {
            if (instrument is Histogram<double>)
            {
                if (!_histograms.TryGetValue(series, out Histogram? histogram))
                {
                    _histograms[series] = histogram = new Histogram(instrument.Name, labels);
                }

                histogram.Add(value);
            }
            else
            {
                _values[series] = instrument is Counter<long> ? _values.GetValueOrDefault(series) + value : value;
            }
        }
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder();
        foreach ((string name, object? value) in tags)
        {
            string escaped = (value?.ToString() ?? string.Empty)
                .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            text.Append(text.Length == 0 ? string.Empty : ",").Append(CultureInfo.InvariantCulture, $"{name}=\"{escaped}\"");
        }

        return text.ToString();
    }

    private sealed class Histogram(string name, string labels)
    {
        private readonly long[] _counts = new long[s_bounds.Length];
        private long _count;
        private double _sum;

        public string Name => name;

        public string Labels => labels;

        public void Add(double value)
        {
            _count++;
            _sum += value;
            for (int i = 0; i < s_bounds.Length; i++)
            {
                _counts[i] += value <= s_bounds[i] ? 1 : 0;
            }
        }

        public void Render(StringBuilder text, string with)
        {
            string more = with.Length == 0 ? string.Empty : with + ",";
            string only = with.Length == 0 ? string.Empty : $"{{{with}}}";
            for (int i = 0; i < s_bounds.Length; i++)
            {
                text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{more}le=\"{s_bounds[i]}\"}} {_counts[i]}\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{more}le=\"+Inf\"}} {_count}\n{name}_sum{only} {_sum}\n{name}_count{only} {_count}\n");
        }
    }
}
