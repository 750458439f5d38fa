using Hnv.Bench.Measuring;

namespace Hnv.Bench;

/// <summary>One question about speed, and how it is answered.</summary>
internal interface IBenchmark
{
    /// <summary>As on the command line, and of its file of results.</summary>
    string Name { get; }

    /// <summary>What is compared with what, in a line.</summary>
    string Title { get; }

    /// <summary>Whether <see cref="BenchOptions.Quick"/> has a short form of it.</summary>
    bool HasQuickForm { get; }

    /// <summary>What <see cref="BenchOptions.Forms"/> compares with what, in a line; null: nothing, see <see cref="SameInAllForms"/>.</summary>
    string? FormsTitle => null;

    /// <summary>Why the answer does not depend on what is on the wire; null where it does.</summary>
    string? SameInAllForms => null;

    /// <summary>Programs from Debian packages that have to be there, e.g. <c>iperf3</c>.</summary>
    IReadOnlyList<string> Needs { get; }

    Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken);
}

/// <summary>What a benchmark is given.</summary>
/// <param name="Progress">Is told what is being measured.</param>
internal sealed record BenchContext(BenchOptions Options, Action<string> Progress);
