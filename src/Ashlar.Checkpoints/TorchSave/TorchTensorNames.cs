using System.Globalization;

namespace Ashlar.Checkpoints.TorchSave;

/// <summary>The tensors of a pickled value by their paths: <c>encoder.weight</c>, <c>model.rnn.bias_hh_l0</c>, <c>scale.1</c>.</summary>
internal static class TorchTensorNames
{
    // Values may contain one another or themselves; what is saved by people is far below these.
    private const int DeepestPath = 64;
    private const int MostValues = 4_000_000;

    public static IReadOnlyList<(string Name, TorchTensor Tensor)> Of(object? root)
    {
        List<(string, TorchTensor)> tensors = [];
        HashSet<string> names = [];
        int visited = 0;
        Visit("", root, 0);
        return tensors;

        void Visit(string path, object? value, int depth)
        {
            if (depth > DeepestPath || ++visited > MostValues)
                throw new InvalidDataException("the values are nested too deeply, or there are too many, for a state dict.");
            switch (value)
            {
                case TorchTensor tensor:
                    string name = path.Length == 0 ? "tensor" : path;
                    if (!names.Add(name))
                        throw new InvalidDataException($"there are two tensors {name}.");
                    tensors.Add((name, tensor));
                    break;
                case PickleDictionary dictionary:
                    foreach ((object key, object? item) in dictionary.Items)
                        Visit(Join(path, Convert.ToString(key, CultureInfo.InvariantCulture) ?? ""), item, depth + 1);
                    break;
                case PickleTuple { Items: var items }:
                    VisitAll(items);
                    break;
                case PickleList { Items: var items }:
                    VisitAll(items);
                    break;
            }

            void VisitAll(IReadOnlyList<object?> items)
            {
                for (int i = 0; i < items.Count; i++)
                    Visit(Join(path, i.ToString(CultureInfo.InvariantCulture)), items[i], depth + 1);
            }
        }

        static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
    }
}
