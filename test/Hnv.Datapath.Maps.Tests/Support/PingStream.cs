using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Hnv.Datapath.Maps.Tests.Support;

/// <summary>Echo requests, 500 a second, that go on while something else happens; not one of them may be lost.</summary>
internal sealed partial class PingStream
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(20);
    private readonly Process _process;
    private readonly BlockingCollection<int> _answers = [];
    private readonly List<int> _seen = [];

    private PingStream(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { } text && Answer().Match(text) is { Success: true } match)
            {
                _answers.Add(int.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture));
            }
        };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <returns>When the first answer has come.</returns>
    public static PingStream Start(TestVm from, TestVm to)
    {
        var stream = new PingStream(from.Namespace.Start(Command.Quiet("ping", "-n", "-i", "0.002", to.Address.ToString())));
        stream._seen.Add(stream.Next());
        return stream;
    }

    /// <summary>Fails if a request since the start went without answer, or if none is answered any more.</summary>
    public void AssertNothingLost()
    {
        try
        {
            for (int already = _answers.Count + 2; already > 0; already--)
            {
                _seen.Add(Next()); // Two more than are here: it still flows.
            }
        }
        finally
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }

        Assert.Equal(Enumerable.Range(_seen[0], _seen.Max() - _seen[0] + 1), _seen.Distinct().Order());
    }

    private int Next() => _answers.TryTake(out int number, s_deadline)
        ? number
        : throw new InvalidOperationException("No echo request is answered any more.");

    [GeneratedRegex("icmp_seq=(?<number>[0-9]+) ttl=")]
    private static partial Regex Answer();
}
