using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Hnv.Linux.Bpf;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;

namespace Hnv.Datapath.Tests.Fixture;

/// <summary>
/// A thread on one CPU, in a network namespace of its own with a few idle interfaces. Programs run here, so that the decision they
/// leave in the map of their CPU is found, and so that interface numbers mean something.
/// </summary>
internal sealed class PacketThread : IDisposable
{
    public const int Cpu = 0;
    private const int Pairs = 8;

    private static int s_count;
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;
    private readonly string _name;
    private readonly NetworkNamespace _namespace;
    private int _id;

    public PacketThread()
    {
        _name = $"hnv-pkt-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";
        _namespace = NetworkNamespace.Create(_name);
        Interfaces = _namespace.Run(() =>
        {
            using var rtnetlink = new Rtnetlink();
            var indexes = new List<int>();
            for (int i = 0; i < Pairs; i++)
            {
                indexes.Add(rtnetlink.CreateVeth(new VethSpec($"a{i}", $"b{i}")).Index);
                indexes.Add(rtnetlink.GetLink($"b{i}").Index);
            }

            return indexes;
        });
        _thread = new Thread(() => _namespace.Run(() => CpuPinning.Run(Cpu, Loop))) { IsBackground = true, Name = _name };
        _thread.Start();
    }

    /// <summary>Interface numbers to bind ports and uplinks to. The devices are down: nothing ever arrives by itself.</summary>
    public IReadOnlyList<int> Interfaces { get; }

    public T Run<T>(Func<T> work)
    {
        if (Environment.CurrentManagedThreadId == _id)
        {
            return work();
        }

        T result = default!;
        ExceptionDispatchInfo? failure = null;
        using var done = new ManualResetEventSlim();
        _work.Add(() =>
        {
            try
            {
                result = work();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
            finally
            {
                done.Set();
            }
        });
        done.Wait();
        failure?.Throw();
        return result;
    }

    public void Run(Action work) => Run(() =>
    {
        work();
        return 0;
    });

    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
        NetworkNamespace.Delete(_name);
        _namespace.Dispose();
    }

    private void Loop()
    {
        _id = Environment.CurrentManagedThreadId;
        foreach (Action work in _work.GetConsumingEnumerable())
        {
            work();
        }
    }
}
