using Spectre.Console;

namespace Hnv.Cli.Output;

/// <summary>
/// Progress and remarks on standard error, so that results stay clean. What goes on is shown in a line that is written over and over, on
/// a terminal and nowhere else; what is done stays.
/// </summary>
internal sealed class ProgressWriter(CliEnvironment environment)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly Lazy<IAnsiConsole> _console = new(() => Consoles.Create(environment, environment.Error, environment.ErrorIsTerminal));
    private readonly Lock _gate = new();
    private Work? _current;
    private bool _isShown;
    private bool _isInterleaved;

    /// <summary>Whether work that takes long is shown: then it is worth asking how far it is.</summary>
    public bool IsLive => !_isInterleaved && environment.ErrorIsTerminal && environment.Variable("TERM") is not (null or "" or "dumb");

    /// <summary>One line.</summary>
    public void Line(string text)
    {
        lock (_gate)
        {
            Erase();
            environment.Error.WriteLine(PlainText.Line(text));
        }
    }

    /// <summary>A step that is done, and how long it took.</summary>
    public void Step(string text, TimeSpan took)
    {
        lock (_gate)
        {
            Erase();
            _console.Value.MarkupLineInterpolated($"[green]✓[/] {text} [dim]{took.TotalSeconds:0.0} s[/]");
        }
    }

    /// <summary>From now on results may come while work goes on, which is not shown any more: they would be written into its line.</summary>
    public void Interleave() => _isInterleaved = true;

    /// <summary>Does something, and shows it as long as it goes on.</summary>
    public async Task<T> DuringAsync<T>(string what, Func<Task<T>> work)
    {
        using IDisposable? shown = Begin(() => what);
        return await work();
    }

    /// <summary>Shows, from the second second on, what goes on and for how long, until that is disposed of. It is one at a time: what is a part of other work is not shown.</summary>
    /// <param name="what">Asked every second.</param>
    public IDisposable? Begin(Func<string> what)
    {
        if (!IsLive)
        {
            return null;
        }

        lock (_gate)
        {
            if (_current is not null)
            {
                return null;
            }

            long since = environment.Time.GetTimestamp();
            var work = new Work(this);
            _current = work;
            work.Timer = environment.Time.CreateTimer(_ => Show(work, what, since), null, s_patience, s_patience);
            return work;
        }
    }

    private void Show(Work work, Func<string> what, long since)
    {
        lock (_gate)
        {
            if (_current != work)
            {
                return; // The timer was late: what it tells of has ended.
            }

            string text = $"{what()} … {environment.Time.GetElapsedTime(since).TotalSeconds:0} s";
            int width = Console.WindowWidth;
            environment.Error.Write($"\r\e[K{(width > 1 && text.Length >= width ? text[..(width - 1)] : text)}");
            environment.Error.Flush();
            _isShown = true;
        }
    }

    private void Erase()
    {
        if (_isShown)
        {
            environment.Error.Write("\r\e[K");
            _isShown = false;
        }
    }

    private sealed class Work(ProgressWriter writer) : IDisposable
    {
        public ITimer? Timer { get; set; }

        public void Dispose()
        {
            lock (writer._gate)
            {
                Timer?.Dispose();
                if (writer._current == this)
                {
                    writer._current = null;
                    writer.Erase();
                }
            }
        }
    }
}
