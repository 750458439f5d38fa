using Hnv.Agent.Answers;
using Hnv.Api;
using Hnv.Api.Rest;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent.Local;

/// <summary>
/// The host's own door, for its administrator when no controller is there: HTTP on a unix socket that only root can open.
/// <code>
///   GET /healthz                 200 while the agent works, connected or not
///   GET /metrics                 Prometheus text
///   GET /api/v1/kernel/QUERY     as the controller's /api/v1/hosts/H/kernel/QUERY
/// </code>
/// </summary>
internal sealed class LocalEndpoint : IAsyncDisposable
{
    /// <summary>Name of the socket in the state directory.</summary>
    public const string SocketName = "agent.sock";

    /// <summary>Longest path of a unix socket, with its terminator (sun_path).</summary>
    private const int MaxSocketPath = 108;

    private readonly WebApplication _application;
    private readonly string _path;

    private LocalEndpoint(WebApplication application, string path)
    {
        _application = application;
        _path = path;
    }

    /// <summary>Opens the socket. A stale one, left by a killed agent, is replaced: the caller holds the state directory's lock.</summary>
    /// <exception cref="IOException">The path is too long, or the socket cannot be made.</exception>
    public static async Task<LocalEndpoint> StartAsync(
        string stateDirectory, QueryAnswerer answers, MetricsText metrics, Func<bool> isHealthy, ILoggerFactory logs, CancellationToken ct)
    {
        string path = Path.Combine(stateDirectory, SocketName);
        if (System.Text.Encoding.UTF8.GetByteCount(path) >= MaxSocketPath)
        {
            throw new IOException($"The path {path} is too long for a unix socket ({MaxSocketPath - 1} bytes at most).");
        }

        File.Delete(path);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = stateDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ListenUnixSocket(path);
        });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(new QuietLoggerFactory(logs));
        builder.Services.AddSingleton<ILoggerFactory>(p => p.GetRequiredService<QuietLoggerFactory>());
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        WebApplication application = builder.Build();
        application.MapGet("/healthz", () => isHealthy() ? Results.Text("ok\n") : Results.Text("the agent's loop does not turn\n", statusCode: 503));
        application.MapGet("/metrics", () => Results.Text(metrics.Write(), "text/plain; version=0.0.4"));
        application.MapGet("/api/v1/kernel/{query}", (string query) => answers.Answer(query) is { } answer
            ? Results.Json(answer, HnvJson.Options)
            : Results.Json(
                new HnvProblem { Status = 404, Title = "There is no such question.", Detail = $"'{query}' is not a question; known are records, routes, ports, verdicts, traffic and status." },
                HnvJson.Options, HnvProblem.ContentType, 404));
        await application.StartAsync(ct);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new LocalEndpoint(application, path);
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        File.Delete(_path);
    }

    /// <summary>Signals are the agent's business: the server ends when the agent ends it.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Passes on what is worse than information: a start and a request are no news.</summary>
    private sealed class QuietLoggerFactory(ILoggerFactory inner) : ILoggerFactory
    {
        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Providers belong to the agent's own logging.");

        public ILogger CreateLogger(string categoryName) => new Quiet(inner.CreateLogger(categoryName));

        public void Dispose()
        {
            // The inner factory belongs to the agent.
        }

        private sealed class Quiet(ILogger inner) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => inner.BeginScope(state);

            public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning && inner.IsEnabled(logLevel);

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                if (IsEnabled(logLevel))
                {
                    inner.Log(logLevel, eventId, state, exception, formatter);
                }
            }
        }
    }
}
