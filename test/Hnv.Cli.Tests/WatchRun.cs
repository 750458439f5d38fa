using Hnv.Api.Client;

namespace Hnv.Cli.Tests;

/// <summary>A command that goes on until it is stopped, as by Ctrl-C.</summary>
internal sealed class WatchRun : IDisposable
{
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };
    private readonly TextWriter _lockedOutput, _lockedError;
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly Task<int> _run;
    private volatile bool _isOutputGone;

    public WatchRun(string address, string line)
    {
        (_lockedOutput, _lockedError) = (TextWriter.Synchronized(_output), TextWriter.Synchronized(_error));
        var environment = new CliEnvironment(
            _lockedOutput, _lockedError, false, false, TextReader.Null, static _ => null, () => address, static o => new HnvClient(o), TimeProvider.System)
        {
            ClientConfiguration = CliRun.NoConfiguration,
            IsOutputGone = () => _isOutputGone,
        };
        _run = Task.Run(() => CliApplication.RunAsync(line.Split(' '), environment, _stop.Token));
    }

    public string Output
    {
        get
        {
            lock (_lockedOutput)
            {
                return _output.ToString();
            }
        }
    }

    private string Error
    {
        get
        {
            lock (_lockedError)
            {
                return _error.ToString();
            }
        }
    }

    public Task UntilAsync(Func<string, bool> condition, string what) => UntilAsync(() => condition(Output), what);

    public Task UntilErrorAsync(Func<string, bool> condition, string what) => UntilAsync(() => condition(Error), what);

    /// <summary>From now on nobody reads what is written.</summary>
    public void CloseOutput() => _isOutputGone = true;

    /// <summary>The exit code of a watch that ends by itself.</summary>
    public Task<int> EndAsync() => _run.WaitAsync(TimeSpan.FromMinutes(1), _stop.Token);

    public async Task<(int ExitCode, string Error)> StopAsync()
    {
        await _stop.CancelAsync();
        return (await _run, Error);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _run.Wait();
        _stop.Dispose();
        _output.Dispose();
        _error.Dispose();
    }

    private async Task UntilAsync(Func<bool> condition, string what)
    {
        for (int i = 0; !condition(); i++)
        {
            Assert.True(i < 400 && !_run.IsCompleted, $"It did not happen: {what}. Shown: {Output}{Error}");
            await Task.Delay(50, _stop.Token);
        }
    }
}
