using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.Sockets;
using Hnv.Api;
using Hnv.Controller.Hosts;
using Hnv.Controller.Identity;
using Hnv.Controller.Learning;
using Hnv.Controller.Metrics;
using Hnv.Controller.Rest;
using Hnv.Controller.Rest.Description;
using Hnv.Controller.Store;
using Hnv.StateLog;
using Hnv.StateLog.Sqlite;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging.Console;

namespace Hnv.Controller;

/// <summary>Puts a controller together and runs it.</summary>
public static class ControllerHost
{
    private const int MaxRequestLine = 512 * 1024;

    /// <summary>An HTTP/2 connection that was silent for so long is pinged …</summary>
    private static readonly TimeSpan s_pingDelay = TimeSpan.FromSeconds(30);

    /// <summary>… and closed when so long nothing comes.</summary>
    private static readonly TimeSpan s_pingTimeout = TimeSpan.FromSeconds(20);

    /// <summary>Checks one of <see cref="ControllerOptions.Listen"/>.</summary>
    /// <exception cref="ControllerStartException">It is none, or one that would let strangers in.</exception>
    public static void CheckAddress(string listen) => ListenAddress.Parse(listen);

    /// <summary>Starts a controller; it listens and has read its state when this returns.</summary>
    /// <exception cref="ControllerStartException">It cannot start; the message says what would help.</exception>
    public static async Task<RunningController> StartAsync(ControllerOptions options, CancellationToken cancellationToken = default)
    {
        ImmutableArray<ListenAddress> listen = [.. options.Listen.Select(ListenAddress.Parse)];
        RefuseUnfinishedRestore(options);
        ControllerPki? pki = ControllerPki.Load(options.DataDirectory, options.Time);
        if (pki is null && listen.Any(static l => l.Tls))
        {
            throw new ControllerStartException(
                $"There are no certificates in {ControllerPki.DirectoryOf(options.DataDirectory)}, and https needs them: run 'hnv controller init' first.");
        }

        IStateLog log = OpenLog(options);
        WebApplication? app = null;
        try
        {
            app = Build(options, listen, pki, log);
            PolicyHub hub = app.Services.GetRequiredService<PolicyHub>();
            LearnedStore learned = app.Services.GetRequiredService<LearnedStore>();
            CounterTransfer counters = app.Services.GetRequiredService<CounterTransfer>();
            await app.Services.GetRequiredService<ModelStore>().StartAsync(Take, cancellationToken);
            await app.Services.GetRequiredService<CloudWriter>().StartAsync(cancellationToken);
            app.Services.GetRequiredService<PrometheusText>();
            app.Services.GetRequiredService<ControllerMetrics>();
            await app.StartAsync(cancellationToken);
            foreach (string path in listen.Select(static l => l.UnixPath).OfType<string>())
            {
                UnixSocketFile.LetIn(path, app.Services.GetRequiredService<SocketUsers>().Readers);
            }

            return new RunningController(app, log, pki);

            void Take(CloudChange change)
            {
                hub.Take(change);
                learned.Take(change);
                counters.Take(change);
            }
        }
        catch (Exception e)
        {
            if (app is not null)
            {
                await app.DisposeAsync();
            }

            await log.DisposeAsync();
            pki?.Dispose();
            throw e switch
            {
                ControllerStartException => e,
                IOException or SocketException => new ControllerStartException($"It cannot listen on {string.Join(", ", options.Listen)}: {e.Message} Is another controller running there?", e),
                StateLogException or InvalidDataException => new ControllerStartException(e.Message, e),
                _ => new ControllerStartException($"It cannot start: {e.Message}", e),
            };
        }
    }

    /// <summary>Everything but the transport: for tests that look at endpoints.</summary>
    internal static WebApplication Build(ControllerOptions options, ImmutableArray<ListenAddress> listen, ControllerPki? pki, IStateLog log)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "hnv-controller", ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders().SetMinimumLevel(options.LogLevel)
            .AddFilter("Microsoft", options.LogLevel < LogLevel.Information ? options.LogLevel : LogLevel.Warning)
            // It says in the log, with a stack trace, what the exception of starting says in words.
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)
            .AddSimpleConsole(static c =>
            {
                c.SingleLine = true;
                c.TimestampFormat = "HH:mm:ss ";
                c.ColorBehavior = LoggerColorBehavior.Default;
            });
        builder.Services.Configure<ConsoleLoggerOptions>(static c => c.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(static h => h.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Services.ConfigureHttpJsonOptions(static json =>
        {
            json.SerializerOptions.NumberHandling = HnvJson.Options.NumberHandling;
            json.SerializerOptions.DefaultIgnoreCondition = HnvJson.Options.DefaultIgnoreCondition;
            foreach (var converter in HnvJson.Options.Converters)
            {
                json.SerializerOptions.Converters.Add(converter);
            }
        });
        builder.Services.AddOpenApi(ApiDescription.Configure);
        builder.Services.AddMetrics();
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(log);
        builder.Services.AddSingleton(new PkiAccess(pki));
        builder.Services.AddSingleton(SocketUsers.Of(options.Readers));
        builder.Services.AddSingleton<ModelStore>();
        builder.Services.AddSingleton<CloudWriter>();
        builder.Services.AddHostedService<LogCompactor>();
        builder.Services.AddSingleton<PolicyHub>();
        builder.Services.AddSingleton<HostRegistry>();
        builder.Services.AddSingleton<HostFindings>();
        builder.Services.AddSingleton<MoveCompletion>();
        builder.Services.AddSingleton(static s => new RecordEvents(RecordEvents.BeforeRun(s.GetRequiredService<ControllerOptions>().Time)));
        builder.Services.AddSingleton<StreamTurns>();
        builder.Services.AddSingleton<LearnedStore>();
        builder.Services.AddHostedService(static s => s.GetRequiredService<LearnedStore>());
        builder.Services.AddSingleton<QueryBroker>();
        builder.Services.AddSingleton<CounterTransfer>();
        builder.Services.AddSingleton<Convergence>();
        builder.Services.AddSingleton<ResourceDocuments>();
        builder.Services.AddSingleton<ResourceService>();
        builder.Services.AddSingleton<WatchStream>();
        builder.Services.AddSingleton<EnrollmentStore>();
        builder.Services.AddSingleton<PrometheusText>(static s => new PrometheusText(s.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()));
        builder.Services.AddSingleton<ControllerMetrics>();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, options, listen, pki));

        WebApplication app = builder.Build();
        app.UseRouting();
        app.Use(static async (context, next) =>
        {
            long start = Stopwatch.GetTimestamp();
            await next(context);
            context.RequestServices.GetRequiredService<ControllerMetrics>().Took(context, Stopwatch.GetElapsedTime(start));
        });
        app.UseMiddleware<ProblemMiddleware>();
        app.Use(AccessMiddleware.InvokeAsync);
        Map(app);
        return app;
    }

    private static void Map(WebApplication app)
    {
        ResourceEndpoints.Map(app);
        MigrationEndpoints.Map(app);
        ForgetEndpoints.Map(app);
        ApplyEndpoints.Map(app);
        ViewEndpoints.Map(app);
        HostEndpoints.Map(app);
        EventEndpoints.Map(app);
        EnrollmentEndpoints.Map(app);
        HealthEndpoints.Map(app);
        app.MapOpenApi().WithMetadata(new AccessMetadata(Access.Public));
    }

    private static void Configure(KestrelServerOptions kestrel, ControllerOptions options, ImmutableArray<ListenAddress> listen, ControllerPki? pki)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.MaxRequestBytes;

        // No MaxConcurrentConnections: it counts all listeners together, so that strangers who fill it would lock hosts out. The limit of open files is there.

        // A host claims every network it has in its request line.
        kestrel.Limits.MaxRequestLineSize = MaxRequestLine;
        // In HTTP/2, which clients of the project use over TLS, the request line is a header.
        kestrel.Limits.Http2.MaxRequestHeaderFieldSize = MaxRequestLine;
        // A host that is gone without a word gives its connection back.
        kestrel.Limits.Http2.KeepAlivePingDelay = s_pingDelay;
        kestrel.Limits.Http2.KeepAlivePingTimeout = s_pingTimeout;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxRequestLine;
        // Streams have their own patience (PolicyStreamWriter); this would cut a host that is busy for five seconds.
        kestrel.Limits.MinResponseDataRate = null;
        foreach (ListenAddress address in listen)
        {
            if (address.UnixPath is { } path)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                UnixSocketFile.RemoveStale(path);
                kestrel.ListenUnixSocket(path);
            }
            else if (!address.Tls)
            {
                kestrel.Listen(address.EndPoint!);
            }
            else
            {
                kestrel.Listen(address.EndPoint!, l => l.UseHttps(https =>
                {
                    https.ServerCertificate = pki!.Server;
                    https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                    https.ClientCertificateValidation = (certificate, _, _) => pki.IsOurClient(certificate);
                }));
            }
        }
    }

    /// <summary>Before anything else: certificates may be missing for the same reason, and 'init' would make it worse.</summary>
    private static void RefuseUnfinishedRestore(ControllerOptions options)
    {
        try
        {
            if (StateLogFactory.FileOf(options.StoreOrDefault) is { } file)
            {
                LogRestore.RefuseUnfinished(file);
            }
        }
        catch (StateLogException e)
        {
            throw new ControllerStartException(e.Message, e);
        }
    }

    private static IStateLog OpenLog(ControllerOptions options)
    {
        try
        {
            if (options.Store is null)
            {
                Directory.CreateDirectory(options.DataDirectory);
            }

            return StateLogFactory.Open(options.StoreOrDefault);
        }
        catch (Exception e) when (e is StateLogException or IOException or UnauthorizedAccessException)
        {
            throw new ControllerStartException($"The state log cannot be opened: {e.Message}", e);
        }
    }
}
