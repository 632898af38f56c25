using System.Diagnostics.CodeAnalysis;

namespace Ashlar.Checkpoints;

/// <summary>The tensors of several files as those of one (Hugging Face cuts large checkpoints so).</summary>
internal sealed class ShardedTensors : ITensorSource
{
    private readonly IReadOnlyList<ITensorSource> _files;
    private readonly Dictionary<string, ITensorSource> _owners = [];
    private readonly List<string> _names = [];

    /// <exception cref="InvalidDataException">Two files have a tensor of the same name.</exception>
    public ShardedTensors(string source, IReadOnlyList<ITensorSource> files)
    {
        (Source, _files) = (source, files);
        foreach (ITensorSource file in files)
        {
            foreach (string name in file.Names)
            {
                if (!_owners.TryAdd(name, file))
                    throw new InvalidDataException($"{file.Source}: tensor {name} is also in {_owners[name].Source}.");
                _names.Add(name);
            }
        }
    }

    public string Source { get; }

    public IReadOnlyCollection<string> Names => _names;

    public bool TryGet(string name, [NotNullWhen(true)] out TensorInfo? info)
    {
        info = null;
        return _owners.TryGetValue(name, out ITensorSource? file) && file.TryGet(name, out info);
    }

    public void ReadFloat32(string name, Span<float> destination)
    {
        if (!_owners.TryGetValue(name, out ITensorSource? file))
            throw new InvalidDataException($"{Source}: tensor {name} is missing.");
        file.ReadFloat32(name, destination);
    }

    public void Dispose()
    {
        foreach (ITensorSource file in _files)
            file.Dispose();
    }
}
