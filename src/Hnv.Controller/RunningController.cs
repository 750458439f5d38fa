using System.Collections.Immutable;
using Hnv.Controller.Hosts;
using Hnv.Controller.Identity;
using Hnv.Controller.Store;
using Hnv.StateLog;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Hnv.Controller;

/// <summary>A controller that listens. Disposing it ends its streams, stops it and closes the state log.</summary>
public sealed class RunningController : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly IStateLog _log;
    private readonly ControllerPki? _pki;

    internal RunningController(WebApplication app, IStateLog log, ControllerPki? pki)
    {
        _app = app;
        _log = log;
        _pki = pki;
    }

    /// <summary>Where it listens, with the port numbers that port 0 became.</summary>
    public ImmutableArray<string> Addresses =>
        [
            .. _app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses
                .Select(static a => a.Replace("http://unix:", "unix:", StringComparison.Ordinal)),
        ];

    /// <summary>False after the state log failed for good: what the controller says may be old, and starting anew may help.</summary>
    public bool IsFollowing => Services.GetRequiredService<ModelStore>().IsFollowing;

    /// <summary>Of the newest state.</summary>
    public long Revision => Services.GetRequiredService<ModelStore>().State.Revision;

    /// <summary>Number of hosts that are connected.</summary>
    public int ConnectedHosts => Services.GetRequiredService<HostRegistry>().Connected;

    internal IServiceProvider Services => _app.Services;

    /// <summary>Waits until it is told to stop.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken = default)
    {
        var stopping = new TaskCompletionSource();
        await using CancellationTokenRegistration told = cancellationToken.Register(() => stopping.TrySetResult());
        await using CancellationTokenRegistration signalled =
            _app.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(() => stopping.TrySetResult());
        await stopping.Task;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.Services.GetRequiredService<CloudWriter>().DrainAsync();
        await _app.DisposeAsync();
        await _log.DisposeAsync();
        _pki?.Dispose();
    }
}
