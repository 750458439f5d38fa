using Hnv.Datapath.Layouts;
using Hnv.Datapath.Programs;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Tests.Fixture;

/// <summary>All programs of one host, loaded without a device, and the maps they share. As small as a loader can be.</summary>
internal sealed class ProgramSet : IDisposable
{
    /// <summary>Sizes of the maps whose own are meant for a cloud.</summary>
    private const int Size = 4096;

    private readonly Dictionary<string, BpfMap> _maps = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BpfProgram> _programs = new(StringComparer.Ordinal);

    /// <param name="globals">Constants to set where a program has them.</param>
    public ProgramSet(params (string Name, uint Value)[] globals)
        : this([], globals)
    {
    }

    /// <param name="others">In place of those of this build with their names.</param>
    /// <param name="globals">Constants to set where a program has them.</param>
    public ProgramSet(IReadOnlyCollection<ProgramImage> others, params (string Name, uint Value)[] globals)
    {
        try
        {
            foreach (ProgramImage image in ProgramImage.Embedded.Where(image => image.Name != "probe").Select(image => others.FirstOrDefault(other => other.Name == image.Name) ?? image))
            {
                Load(image, globals);
            }

            ProgramStages.Fill(_maps["stages"], _programs);
            NewInner<RecordKey, RecordEntry>("records");
            NewInner<RecordKey, LearnedEntry>("learned");
            NewInner<MacKey, LocationEntry>("macs");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyDictionary<string, BpfProgram> Programs => _programs;

    public BpfMap Map(string name) => _maps[name];

    /// <summary>The hash inside a growing map.</summary>
    public BpfMap Inner(string name) => _maps[name].LookupInner(0u) ?? throw new InvalidOperationException($"'{name}' is empty.");

    /// <summary>Empties everything.</summary>
    public void Clear()
    {
        foreach ((string name, BpfMap map) in _maps)
        {
            switch (name)
            {
                case "records" or "learned" or "macs":
                    using (BpfMap inner = Inner(name))
                    {
                        Clear(inner);
                    }

                    break;
                case "config" or "decision" or "moving" or "answers" or "scratch" or FailingWrites.Switch:
                    map.Update(BitConverter.GetBytes(0), new byte[map.Info.UserValueSize]);
                    break;
                case "uplink_counters":
                    for (int verdict = 0; verdict < map.Info.MaxEntries; verdict++)
                    {
                        map.Update(BitConverter.GetBytes(verdict), new byte[map.Info.UserValueSize]);
                    }

                    break;
                case "events" or "stages":
                    break;
                default:
                    Clear(map);
                    break;
            }
        }
    }

    public void Dispose()
    {
        foreach (IDisposable each in _programs.Values.Concat<IDisposable>(_maps.Values))
        {
            each.Dispose();
        }
    }

    private static void Clear(BpfMap map)
    {
        byte[] key = new byte[map.Info.KeySize];
        while (map.TryGetNextKey([], key))
        {
            map.Delete(key);
        }
    }

    private void Load(ProgramImage image, (string Name, uint Value)[] globals)
    {
        using BpfObject program = BpfObject.Open(image.Bytes.AsSpan(), image.Name);
        foreach ((string global, uint value) in globals.Where(global => program.HasGlobal(global.Name)))
        {
            program.SetGlobal(global, value);
        }

        foreach (BpfObjectMap map in program.Maps.Values.Where(map => !map.IsInternal))
        {
            if (_maps.TryGetValue(map.Name, out BpfMap? known))
            {
                map.Reuse(known);
            }
            else if (map.MaxEntries > Size)
            {
                map.MaxEntries = Size;
            }
        }

        program.Load();
        foreach (BpfObjectMap map in program.Maps.Values.Where(map => !map.IsInternal && !_maps.ContainsKey(map.Name)))
        {
            _maps.Add(map.Name, program.OpenMap(map.Name));
        }

        foreach (string each in program.Programs.Keys)
        {
            _programs.Add(each, program.OpenProgram(each));
        }
    }

    private void NewInner<TKey, TValue>(string name)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        using BpfMap inner = BpfMap.Create(BpfMapSpec.Of<TKey, TValue>(BpfMapType.Hash, Size) with { Name = name, Flags = BpfMapFlags.NoPreallocation });
        _maps[name].UpdateInner(0u, inner);
    }
}
