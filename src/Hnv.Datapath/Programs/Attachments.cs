using Hnv.Datapath.Maps;
using Hnv.Linux;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Programs;

/// <summary>
/// Our filters at the tc hooks of interfaces. A filter is ours when it sits at our place and its program uses one of our maps:
/// another data plane on this host uses others.
/// </summary>
internal sealed class Attachments(ProgramStore programs, MapStore maps, PinNames pins)
{
    private readonly HashSet<uint> _ourMaps = [];

    /// <summary>Makes sure that a program is attached, in place of an older version of it, atomically.</summary>
    /// <exception cref="DataplaneException">Somebody else's filter is at our place.</exception>
    public void Ensure(int interfaceIndex, TcDirection direction, string program)
    {
        var hook = new TcHook(interfaceIndex, direction);
        TcAttachment? found = hook.Query(TcIdentity.Handle, TcIdentity.Priority);
        if (found?.ProgramId == programs[program].Info.Id)
        {
            return;
        }

        if (found is not null && !IsOurs(found.ProgramId))
        {
            throw new DataplaneException(
                $"interface {interfaceIndex} has another filter at tc {direction}, priority {TcIdentity.Priority}, handle 0x{TcIdentity.Handle:x}: another data plane serves it.");
        }

        hook.Attach(programs[program], TcIdentity.Handle, TcIdentity.Priority);
    }

    /// <summary>The name of our program at a hook, of this version or an older one; null when there is none.</summary>
    public string? Find(int interfaceIndex, TcDirection direction)
    {
        try
        {
            TcAttachment? found = new TcHook(interfaceIndex, direction).Query(TcIdentity.Handle, TcIdentity.Priority);
            return found is not null && IsOurs(found.ProgramId) ? NameOf(found.ProgramId) : null;
        }
        catch (BpfException failure) when (IsGone(failure))
        {
            return null;
        }
    }

    /// <returns>False when nothing of ours was there.</returns>
    public bool Remove(int interfaceIndex, TcDirection direction) =>
        Find(interfaceIndex, direction) is not null && new TcHook(interfaceIndex, direction).Detach(TcIdentity.Handle, TcIdentity.Priority);

    /// <summary>Puts this version's programs where older ones of the same name are attached.</summary>
    public void ReplaceOlder(IEnumerable<int> interfaces)
    {
        foreach (int interfaceIndex in interfaces)
        {
            foreach (TcDirection direction in (ReadOnlySpan<TcDirection>)[TcDirection.Ingress, TcDirection.Egress])
            {
                try
                {
                    ReplaceOlder(interfaceIndex, direction);
                }
                catch (BpfException failure) when (IsGone(failure))
                {
                    break; // With its filters.
                }
            }
        }
    }

    /// <summary>Interfaces come and go at any time.</summary>
    public static bool IsGone(LinuxException failure) => failure.Errno == Errno.ENODEV;

    private void ReplaceOlder(int interfaceIndex, TcDirection direction)
    {
        if (Find(interfaceIndex, direction) is { } name && programs.Names.FirstOrDefault(known => IsKernelName(known, name)) is { } program)
        {
            Ensure(interfaceIndex, direction, program);
        }
    }

    public bool IsOurs(uint programId)
    {
        if (_ourMaps.Count == 0)
        {
            CollectOurMaps();
        }

        try
        {
            using BpfProgram program = BpfProgram.FromId(programId);
            return program.Info.MapIds.Any(_ourMaps.Contains);
        }
        catch (BpfException gone) when (gone.Errno == Errno.ENOENT)
        {
            return false;
        }
    }

    private static bool IsKernelName(string program, string kernelName) => kernelName == (program.Length > 15 ? program[..15] : program);

    private static string NameOf(uint programId)
    {
        using BpfProgram program = BpfProgram.FromId(programId);
        return program.Info.Name;
    }

    /// <summary>Of this layout and of older ones: programs that still use those are ours too.</summary>
    private void CollectOurMaps()
    {
        foreach ((string name, BpfMap map) in maps.Maps)
        {
            _ourMaps.Add(map.Info.Id);
            foreach (int layout in pins.LayoutsOf(name))
            {
                using BpfMap pinned = BpfMap.OpenPinned(pins.Map(name, layout));
                _ourMaps.Add(pinned.Info.Id);
            }
        }
    }
}
