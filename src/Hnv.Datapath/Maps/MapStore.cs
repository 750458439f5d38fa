using Hnv.Datapath.Layouts;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Maps;

/// <summary>
/// The pinned maps. A pin of the current layout is adopted when its shape fits, and refused, never repaired or flushed, when it does
/// not. A map without one is made by loading the first program that uses it; if an older layout is pinned, its entries are copied
/// over before the new map gets its pin, so a crash in between starts the copy anew.
/// </summary>
internal sealed class MapStore(PinNames pins, MapSizes sizes, int layout, MapCopy copy) : IDisposable
{
    private const string Advice = "It is foreign or damaged, and nothing was changed; remove the file to start with an empty map.";

    private readonly Dictionary<string, BpfMap> _maps = new(StringComparer.Ordinal);

    /// <summary>Name and map, of all.</summary>
    public IReadOnlyDictionary<string, BpfMap> Maps => _maps;

    public BpfMap this[string name] =>
        _maps.TryGetValue(name, out BpfMap? map) ? map : throw new InvalidOperationException($"No program uses a map '{name}'.");

    /// <summary>Opens or makes a map that no program uses.</summary>
    public BpfMap OpenOwn<TKey, TValue>(string name)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        BpfMapSpec spec = BpfMapSpec.Of<TKey, TValue>(BpfMapType.Hash, SizeOf(name)!.Value) with
        {
            Name = name,
            Flags = BpfMapFlags.NoPreallocation,
        };
        var shape = new MapShape(spec.Type, spec.KeySize, spec.ValueSize);
        return Adopt(name, shape) ?? Keep(name, BpfMap.Create(spec));
    }

    /// <summary>Before an object is loaded: its maps are those that exist already, and others get their size.</summary>
    /// <exception cref="DataplaneException">A pin is not what it should be.</exception>
    public void Prepare(BpfObject program)
    {
        foreach (BpfObjectMap map in program.Maps.Values.Where(map => !map.IsInternal && IsShared(map)))
        {
            MapShape shape = MapCatalog.ShapeOf(map);
            if ((_maps.GetValueOrDefault(map.Name) ?? Adopt(map.Name, shape)) is { } existing)
            {
                Require(shape.Misfit(existing.Info), map.Name);
                map.Reuse(existing);
            }
            else if (shape.InnerKeySize == 0 && map.MaxEntries > 1 && SizeOf(map.Name) is { } size)
            {
                map.MaxEntries = size;
            }
        }
    }

    /// <summary>After an object was loaded: its new maps are filled from an older layout, if any, and pinned.</summary>
    public void Collect(BpfObject program)
    {
        foreach (BpfObjectMap map in program.Maps.Values.Where(map => !map.IsInternal && IsShared(map) && !_maps.ContainsKey(map.Name)))
        {
            BpfMap created = program.OpenMap(map.Name);
            if (created.Info.IsMapOfMaps)
            {
                MapShape shape = MapCatalog.ShapeOf(map);
                using BpfMap? template = created.LookupInner(0u);
                using BpfMap inner = BpfMap.Create(new BpfMapSpec(BpfMapType.Hash, shape.InnerKeySize, shape.InnerValueSize, SizeOf(map.Name)!.Value)
                {
                    Name = map.Name,
                    Flags = template?.Info.Flags ?? BpfMapFlags.NoPreallocation,
                });
                created.UpdateInner(0u, inner);
            }

            Keep(map.Name, created);
        }
    }

    /// <summary>
    /// The programs of the new layout run everywhere: what the old ones wrote until now is carried over, and the old pins go.
    /// </summary>
    public void FinishMigration()
    {
        foreach ((string name, BpfMap map) in _maps)
        {
            int[] older = OlderLayouts(name);
            if (older.Length > 0 && MapNames.IsWrittenByPrograms(name))
            {
                CopyFrom(name, older[0], map);
            }

            foreach (int oldLayout in older)
            {
                File.Delete(pins.Map(name, oldLayout));
            }
        }
    }

    public void Dispose()
    {
        foreach (BpfMap map in _maps.Values)
        {
            map.Dispose();
        }

        _maps.Clear();
    }

    /// <summary>Whether a map of an object is of the host's state. Names with a dot or leading underscore are the object's own.</summary>
    private static bool IsShared(BpfObjectMap map) => !map.Name.StartsWith('_') && !map.Name.Contains('.', StringComparison.Ordinal);

    private BpfMap? Adopt(string name, MapShape shape)
    {
        if (pins.LayoutsOf(name).FirstOrDefault() > layout)
        {
            throw new DataplaneException(
                $"a newer version made {pins.Map(name, pins.LayoutsOf(name).First())}; this one knows layout {layout} only. Nothing was changed, and the kernel forwards on. "
                + "Run that version or a newer one; or end it with that version's 'hnv agent --purge', and this one begins anew.");
        }

        string path = pins.Map(name, layout);
        BpfMap? map;
        try
        {
            map = BpfMap.TryOpenPinned(path);
        }
        catch (BpfException failure)
        {
            throw new DataplaneException($"{path} cannot be opened as a map of the data plane: {failure.Message}. {Advice}", failure);
        }

        if (map is null)
        {
            return null;
        }

        try
        {
            Require(shape.Misfit(map.Info), name);
            if (shape.InnerKeySize > 0)
            {
                using BpfMap? inner = map.LookupInner(0u);
                Require(inner is null ? "it holds no map" : shape.InnerMisfit(inner.Info), name);
            }
        }
        catch
        {
            map.Dispose();
            throw;
        }

        _maps.Add(name, map);
        return map;
    }

    private void Require(string? misfit, string name)
    {
        if (misfit is not null)
        {
            throw new DataplaneException($"{pins.Map(name, layout)} does not fit this version: {misfit}. {Advice}");
        }
    }

    private BpfMap Keep(string name, BpfMap map)
    {
        try
        {
            if (OlderLayouts(name) is [var newest, ..])
            {
                CopyFrom(name, newest, map);
            }

            map.Pin(pins.Map(name, layout));
        }
        catch
        {
            map.Dispose();
            throw;
        }

        _maps.Add(name, map);
        return map;
    }

    /// <summary>Newest first.</summary>
    private int[] OlderLayouts(string name) => [.. pins.LayoutsOf(name).Where(found => found < layout)];

    /// <summary>Entries to make room for: as configured, and no fewer than the map of the older layout has room for.</summary>
    private int? SizeOf(string name)
    {
        int? size = MapCatalog.Size(name, sizes);
        if (size is null || OlderLayouts(name) is not [var newest, ..])
        {
            return size;
        }

        using BpfMap older = BpfMap.OpenPinned(pins.Map(name, newest));
        using BpfMap content = Content(older);
        return (int)Math.Max(size.Value, content.Info.MaxEntries);
    }

    private bool CopyFrom(string name, int oldLayout, BpfMap to)
    {
        using BpfMap from = BpfMap.OpenPinned(pins.Map(name, oldLayout));
        using BpfMap source = Content(from), target = Content(to);
        return copy.Run(name, source, oldLayout, target, layout);
    }

    /// <summary>The map whose entries count.</summary>
    private static BpfMap Content(BpfMap map) => map.Info.IsMapOfMaps
        ? map.LookupInner(0u) ?? throw new InvalidOperationException($"{map} is empty.")
        : BpfMap.FromId(map.Info.Id);
}
